"""Every explorer of the series, over every control's positions.

WALK in the environment sets how many random changes the walk makes: `make trust` takes 10,000.
"""

import gc
import importlib
import os
import re

import ipywidgets
import numpy as np
import psutil
import pytest
from ipywidgets.widgets import widget
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from lstm_inside import EXPLORERS, ROOMS, convolution, rnn, start
from lstm_inside.page import svg


def positions(control, most=9):
    """The values a control can take: all of a list's, up to `most` of a slider's with its ends."""
    if isinstance(control, ipywidgets.Checkbox):
        return [True, False]
    if hasattr(control, "options"):
        return [o[1] if isinstance(o, tuple) else o for o in control.options]
    count = round((control.max - control.min) / control.step) + 1
    steps = np.unique(np.linspace(0, count - 1, min(most, count)).round())
    values = [control.min + control.step * k for k in steps]
    return [int(v) for v in values] if isinstance(control, ipywidgets.IntSlider) else values


def test_thirty_opened_and_closed_leave_nothing():
    def left():
        gc.collect()
        figures = sum(issubclass(type(thing), Figure) for thing in gc.get_objects())
        return figures, len(widget._instances)

    make = EXPLORERS["pooling"]
    make().close()
    before = left()
    for _ in range(30):
        make().close()
    assert np.all(np.array(left()) <= before)  # what another test left may go meanwhile


def test_a_thousand_updates_leave_memory_where_it_was():
    explorer, process = EXPLORERS["sequence"](), psutil.Process()
    control = explorer.controls["b_f"]
    values = np.linspace(control.min, control.max, 50)
    for v in values:
        control.value = v
    before = process.memory_info().rss
    for _ in range(20):
        for v in values:
            control.value = v
    explorer.close()
    assert process.memory_info().rss - before < 10e6


def test_two_of_a_kind_do_not_disturb_each_other():
    one, two = EXPLORERS["half_life"](), EXPLORERS["half_life"]()
    frame = two.frame
    one.controls["b_f"].value = 5
    assert two.frame == frame
    one.close()
    two.controls["b_f"].value = 5
    assert two.frame != frame
    two.close()


@pytest.fixture(scope="module")
def made():
    """Every explorer, made once: name -> explorer, as the last test left it."""
    made = {name: make() for name, make in EXPLORERS.items()}
    yield made
    for explorer in made.values():
        explorer.close()


def test_every_explorer_of_every_room_has_a_name_of_its_own():
    """One name for two would hide the first, and no test of all of them would meet it."""
    rooms = [importlib.import_module(f"lstm_inside.{room}.explorers") for room in ROOMS]
    assert len(EXPLORERS) == sum(len(room.EXPLORERS) for room in rooms)


@pytest.fixture(params=EXPLORERS)
def explorer(made, request):
    explorer = made[request.param]
    explorer.reset()
    return explorer


@pytest.mark.filterwarnings("error")
def test_every_position_of_every_control_gives_a_picture(explorer):
    start = explorer.frame
    for name, control in explorer.controls.items():
        value, frames = control.value, set()
        for position in positions(control):
            control.value = position
            assert explorer.error is None, f"{name} = {position}"
            frames.add(explorer.frame)
        assert len(frames) > 1, f"{name} moves nothing"
        control.value = value
        assert explorer.frame == start, f"{name} put back gives another picture"


@pytest.mark.filterwarnings("error")
def test_every_preset_gives_a_picture_of_its_own(explorer):
    frames = {}
    for name in explorer.presets:
        explorer.show_preset(name)
        assert explorer.error is None, name
        frames[name] = explorer.frame
    assert len(set(frames.values())) == len(frames), "two presets show the same"
    for name in explorer.presets:
        explorer.show_preset(name)
        assert explorer.frame == frames[name], f"{name} shows another picture the second time"


# Rooms whose pictures have been gone through for curves behind words; the others still wait.
GONE_THROUGH = [
    *start.explorers.EXPLORERS,
    *rnn.explorers.EXPLORERS,
    *convolution.explorers.EXPLORERS,
]


def shown_by_presets(explorer):
    """The name of each preset as it is put on show; None where there is none."""
    for name in explorer.presets or [None]:
        if name:
            explorer.show_preset(name)
        yield name


@pytest.mark.parametrize("name", EXPLORERS)
def test_a_minus_is_a_minus_in_caption_goal_and_picture(made, name):
    """Not the hyphen of a keyboard; and nothing is never minus nothing."""
    explorer = made[name]
    explorer.reset()
    for preset in shown_by_presets(explorer):
        drawn = (text.get_text() for text in explorer.figure.findobj(Text))
        said = [explorer.caption, *(words for words in drawn if "$" not in words)]
        if explorer.challenge:
            said.append(explorer.challenge.words(explorer.values))
        for words in said:
            assert not re.search(r"(?<!\de)-\d|[-−]0\.0+\b", words), (preset, words)


def way(line):
    """Points along a line in pixels, twenty from one of its places to the next."""
    places = line.get_transform().transform(line.get_xydata())
    if line.get_linestyle() == "None" or len(places) < 2:
        return places
    at = np.linspace(0, len(places) - 1, 20 * (len(places) - 1) + 1)
    n = np.minimum(at.astype(int), len(places) - 2)
    part = (at - n)[:, None]
    return places[n] * (1 - part) + places[n + 1] * part


@pytest.mark.parametrize("name", GONE_THROUGH)
def test_no_curve_runs_through_words(made, name):
    explorer = made[name]
    explorer.reset()
    for preset in shown_by_presets(explorer):
        figure, canvas = explorer.figure, explorer.figure.canvas
        renderer = FigureCanvasAgg(figure).get_renderer()
        for ax in figure.axes:
            for text in (text for text in ax.texts if text.get_text()):
                box = text.get_window_extent(renderer)
                for line in ax.lines:
                    if line in explorer._moving:
                        inside = ((way(line) > box.min) & (way(line) < box.max)).all(axis=1)
                        assert not inside.any(), (preset, text.get_text())
        figure.set_canvas(canvas)


@pytest.mark.filterwarnings("error")
def test_the_corners_of_all_controls_give_a_picture(explorer):
    rng = np.random.default_rng(5)
    for _ in range(12):
        corner = {k: positions(c)[int(rng.choice([0, -1]))] for k, c in explorer.controls.items()}
        explorer.set(**corner)
        assert explorer.error is None, corner


def test_no_number_beside_an_axis_is_cut_whatever_is_chosen(explorer):
    for name in explorer._redraw_on:
        for position in positions(explorer.controls[name]):
            explorer.set(**{name: position})
            width, height = explorer.figure.bbox.size
            for ax in explorer.figure.axes:
                shown = [
                    *((x, *ax.get_xlim(), label) for x, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)),
                    *((y, *ax.get_ylim(), label) for y, label in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)),
                ]  # fmt: skip
                for at, low, high, label in shown:
                    if low <= at <= high and label.get_text():
                        (x0, y0), (x1, y1) = label.get_window_extent().get_points()
                        assert min(x0, y0) > -1, (position, label.get_text())
                        assert max(x1 - width, y1 - height) < 1, (position, label.get_text())


def test_a_picture_may_be_on_a_page_twice(explorer):
    """Of an id that is there twice the first one counts, and that may be hidden."""
    drawn = svg.on_a_page(explorer.frame.decode(), "")
    assert not re.findall(r'\b(?:id|clip-path|href)="(?!data:)[^"]*|url\(#', drawn)


def test_controls_and_captions_are_there_for_everybody(explorer):
    for name, control in explorer.controls.items():
        assert control.description, f"{name} has no visible label"
    assert len(explorer.caption) > 20
    assert explorer.figure.alt == explorer.caption


@pytest.mark.filterwarnings("error")
def test_a_random_walk_over_all_controls_of_all_explorers(made):
    """In any order, without a warning: the same settings give the same bytes, memory is steady."""
    rng, process = np.random.default_rng(11), psutil.Process()
    changes, kept = int(os.environ.get("WALK", 400)), {}
    for n in range(changes):
        if n == changes // 2:
            before = process.memory_info().rss
        name = str(rng.choice(list(made)))
        explorer = made[name]
        if name in kept and rng.random() < 0.2:
            settings, frame = kept[name]
            explorer.set(**settings)
            assert explorer.frame == frame, settings
            continue
        key = str(rng.choice(list(explorer.controls)))
        places = positions(explorer.controls[key], most=50)
        explorer.controls[key].value = places[int(rng.integers(len(places)))]
        settings = {k: c.value for k, c in explorer.controls.items()}
        assert explorer.error is None, (name, settings)
        if rng.random() < 0.1:
            kept[name] = settings, explorer.frame
    assert process.memory_info().rss - before < 30e6
