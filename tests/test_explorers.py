"""Every explorer of the series, over every control's positions."""

import ipywidgets
import numpy as np
import psutil
import pytest

from lstm_viz import EXPLORERS


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


@pytest.fixture(params=EXPLORERS)
def explorer(request):
    made = EXPLORERS[request.param]()
    yield made
    made.close()


@pytest.mark.filterwarnings("error")
def test_every_position_of_every_control_gives_a_picture(explorer):
    start = explorer.frame
    for name, control in explorer.controls.items():
        value, frames = control.value, set()
        for position in positions(control):
            control.value = position
            assert 'role="alert"' not in explorer._over.value, f"{name} = {position}"
            frames.add(explorer.frame)
        assert len(frames) > 1, f"{name} moves nothing"
        control.value = value
        assert explorer.frame == start, f"{name} put back gives another picture"


@pytest.mark.filterwarnings("error")
def test_the_corners_of_all_controls_give_a_picture(explorer):
    rng = np.random.default_rng(5)
    for _ in range(12):
        corner = {k: positions(c)[int(rng.choice([0, -1]))] for k, c in explorer.controls.items()}
        explorer.set(**corner)
        assert 'role="alert"' not in explorer._over.value, corner
    explorer.reset()


def test_controls_and_captions_are_there_for_everybody(explorer):
    for name, control in explorer.controls.items():
        assert control.description, f"{name} has no visible label"
    assert len(explorer.caption) > 20
    assert explorer.figure.alt == explorer.caption


def test_two_of_a_kind_do_not_disturb_each_other():
    one, two = EXPLORERS["half_life"](), EXPLORERS["half_life"]()
    frame = two.frame
    one.controls["b_f"].value = 5
    assert two.frame == frame
    one.close()
    two.controls["b_f"].value = 5
    assert two.frame != frame
    two.close()


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
