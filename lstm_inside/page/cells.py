"""What is let go of: what a cell made before it is run again, and what nobody ever looked at.

ipywidgets keeps every widget alive for as long as its kernel lives, and a reader runs cells
again and again. So what a cell made is closed when the same cell makes something anew; and what
was made, not shown and not kept under any name is freed when some more like it were made.
"""

import gc
import sys
import weakref
from typing import Any

from ipywidgets.widgets import widget

_FEW = 5  # so many may pile up unseen before it is asked who still holds them
# cell -> its last run, the widgets that that run made, the results that the page shows by them
_made: dict[str, tuple[str, list[weakref.ref], list[weakref.ref]]] = {}
_unseen: list[weakref.ref] = []  # what was made and not shown yet
_held = 0  # how many of these somebody held when that was last asked


def made(thing, result=None):
    """The widget `thing` was made, by the cell that runs now if one runs.

    What an earlier run of the same cell made is closed, and taken out of IPython's history of
    results. A cell goes by the id that the page gave it, and by its text where the page gave none.
    result: what the page shows by the widget, if not the widget itself.
    """
    _unseen[:] = filter(_is_open, _unseen)
    if len(_unseen) >= 2 * _held + _FEW:  # to ask takes a tenth of a second, so not every time
        _free_unseen()
    _unseen.append(weakref.ref(thing))
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if getattr(shell, "kernel", None) is None:
        return
    message = shell.kernel.get_parent()  # the shell itself has none in the browser
    cell = message.get("metadata", {}).get("cellId") or message.get("content", {}).get("code")
    if not cell:  # a button was pressed, a slider moved
        return
    run = message["header"]["msg_id"]
    last, things, results = _made.get(cell, (run, [], []))
    if last != run:
        for old in filter(_is_open, things):
            close_below(old())
            old().close()
        _forget(shell, [old() for old in results])
        things, results = [], []
    things.append(weakref.ref(thing))
    results.append(weakref.ref(thing if result is None else result))
    _made[cell] = run, things, results


def _forget(shell, results):
    """Take results out of Out[n] and _n, where IPython would keep them until its kernel ends."""
    history = shell.user_ns.get("Out", {})
    for n in [n for n, kept in history.items() if any(kept is result for result in results)]:
        shell.drop_by_id({f"_{n}": history.pop(n)})


def shown(thing):
    """A page shows the widget `thing` now, so it lives until its cell is run again."""
    _unseen[:] = [seen for seen in _unseen if seen() is not thing]


def _free_unseen():
    """Free what was not shown and is held by nothing but ipywidgets' own tables.

    They are told to forget it, Python collects what nobody else holds, and what is still there
    is put back.
    """
    global _held
    parts = [weakref.ref(part) for seen in _unseen for part in [seen(), *below(seen())]]
    for part in filter(_is_open, parts):
        widget._instances.pop(part().model_id, None)  # one part may stand below two things
        part().comm.on_msg(None)
    gc.collect()
    for part in filter(_is_open, parts):
        widget._instances[part().model_id] = part()
        part().comm.on_msg(part()._handle_msg)
    _unseen[:] = filter(_is_open, _unseen)
    _held = len(_unseen)


def _is_open(reference):
    """Whether a weak reference leads to a widget that is there and was not closed."""
    return reference() is not None and reference().comm is not None


def below(thing) -> list[Any]:
    """Every widget below a widget, with layouts, styles and links, and its own; not itself."""
    found = []
    for child in getattr(thing, "children", ()):
        found += [*below(child), child]
    parts = (getattr(thing, name, None) for name in ("layout", "style", "_link"))
    return found + [part for part in parts if part is not None]


def close_below(thing):
    """Close everything below a widget; not itself."""
    for part in below(thing):
        part.close()
