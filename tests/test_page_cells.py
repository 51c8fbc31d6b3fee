"""What is freed, and what is not: explorers that nobody shows and nobody holds."""

import contextlib
import weakref

import ipywidgets
import pytest
from ipywidgets.widgets import widget

from lstm_inside.page import Explorer, cells, picture, question, slider
from lstm_inside.page.question import Question, Questions

SOME = 30  # so many widgets may lie about, of the small ones that `pile` makes


@pytest.fixture
def make():
    """A function that makes a small explorer and holds none; after the test all are closed."""
    before = set(widget._instances)

    def build(**more):
        figure = picture(100, 100)
        (line,) = figure.subplots().plot([], [])

        def move(a):
            line.set_data([0, 1], [0, a])
            return {"a": a}

        return Explorer(
            "small", figure=figure, controls={"a": slider("a", 0, 1, 0.1, 0.5)},
            moving=[line], update=move, describe="a = {a:.1f}".format_map, **more,
        )  # fmt: skip

    yield build
    for model in set(widget._instances) - before:
        with contextlib.suppress(KeyError):  # closed with what it belongs to
            widget._instances[model].close()


def lives(explorer):
    """Whether it answers as it does on the day it was made, ipywidgets' tables included."""
    control = explorer.controls["a"]
    for part in (explorer, control, control.layout, explorer.layout):
        assert widget._instances[part.model_id] is part
    message = {"content": {"data": {"method": "update", "state": {"value": 0.3}}}}
    control.comm.handle_msg(message)
    control.value = 0.7
    return explorer.caption == "a = 0.7" and explorer.error is None


def pile():
    """Make so much that is shown to nobody that it is asked who holds what lies about."""
    for _ in range(60):
        cells.made(ipywidgets.HTML())


def test_what_nobody_looks_at_and_nobody_holds_is_freed(make):
    pile()
    before, held = len(widget._instances), [make() for _ in range(3)]
    assert all(map(lives, held))
    freed = [weakref.ref(explorer) for explorer in held]
    del held
    pile()
    assert [reference() for reference in freed] == [None] * 3
    assert len(widget._instances) < before + SOME


def test_what_somebody_holds_stays_whatever_holds_it(make):
    named, listed = make(), [make(), make()]
    box = ipywidgets.HBox([make()])
    moved, linked = make(), make()
    control = moved.controls["a"]  # one that moves it is enough
    ipywidgets.jslink((linked.controls["a"], "value"), (ipywidgets.FloatText(), "value"))
    references = [weakref.ref(moved), weakref.ref(linked)]
    del moved, linked
    pile()
    assert all(map(lives, [named, *listed, box.children[0]]))
    assert all(lives(reference()) for reference in references)
    assert control is references[0]().controls["a"]


def test_what_a_page_shows_stays_though_no_name_holds_it(make):
    shown = set()
    for _ in range(2):
        data, _ = make()._repr_mimebundle_()
        shown.add(data["application/vnd.jupyter.widget-view+json"]["model_id"])
    pile()
    assert all(lives(widget._instances[model]) for model in shown)


def test_a_still_picture_that_is_shown_stays(make):
    data, _ = picture(100, 100, alt="nothing")._repr_mimebundle_()
    pile()
    model = data["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert "nothing" in widget._instances[model].value


def test_questions_are_freed_and_kept_alike():
    words = question("2 + 2?", right="a", a=("4", "they add"), b=("22", "that joins"))
    kept, shown, freed = Question(*words), Question(*words), weakref.ref(Question(*words))
    model = shown._repr_mimebundle_()["application/vnd.jupyter.widget-view+json"]["model_id"]
    del shown
    pile()
    assert freed() is None
    for alive in (kept, widget._instances[model]):
        alive.choice.value = "4"
        assert alive.verdict
        alive.close()


def test_what_stands_below_two_things_is_freed_once(make):
    """Each question of a tab was made for itself, too."""
    asked = question("1 + 1?", right="a", a=("2", "yes"), b=("3", "no"))
    for _ in range(SOME):
        Questions({"sum": Question(*asked)})
    cells._free_unseen()
    assert sum(isinstance(w, Questions) for w in widget._instances.values()) == 0
