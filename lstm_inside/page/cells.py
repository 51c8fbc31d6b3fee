"""What a cell lets go of when it is run again.

ipywidgets keeps every widget alive for as long as its kernel lives, and a reader runs cells
again and again. So what a cell made is closed when the same cell makes something anew.
"""

import sys
from typing import Any

_made: dict[str, tuple[str, list[Any]]] = {}  # cell -> its last run, what that run made


def made(thing):
    """The widget `thing` was made by the cell that runs now, if one runs.

    What an earlier run of the same cell made is closed. A cell goes by the id that the page gave
    it, and by its text where the page gave none.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if getattr(shell, "kernel", None) is None:
        return
    message = shell.kernel.get_parent()  # the shell itself has none in the browser
    cell = message.get("metadata", {}).get("cellId") or message.get("content", {}).get("code")
    if not cell:  # a button was pressed, a slider moved
        return
    run = message["header"]["msg_id"]
    last, things = _made.get(cell, (run, []))
    if last != run:
        for old in things:
            old.close()
            close_below(old)
        things = []
    things.append(thing)
    _made[cell] = run, things


def close_below(widget):
    """Close everything below a widget, with layouts and styles, and its own; not itself."""
    for child in getattr(widget, "children", ()):
        close_below(child)
        child.close()
    for trait in ("layout", "style"):
        if (part := getattr(widget, trait, None)) is not None:
            part.close()
