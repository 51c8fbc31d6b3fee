"""The explorer engine on a small explorer of its own."""

import base64
import io
import re
import warnings

import ipywidgets
import numpy as np
import pytest
from ipywidgets.widgets import widget
from matplotlib.figure import Figure
from PIL import Image

from lstm_inside.page import (
    Challenge,
    Explorer,
    Lines,
    Pixels,
    picture,
    slider,
    svg,
    toggle,
    whole,
)
from lstm_inside.page.style import SIGNED, plain, signed, true_minus


@pytest.fixture
def make():
    """A function that makes explorers and closes them after the test."""
    made = []

    def build(update=None, **more):
        figure = picture(300, 200)
        ax, heat = figure.subplots(1, 2)
        ax.set(xlim=(0, 1), ylim=(-1, 1))
        (line,) = ax.plot([], [])
        word = ax.text(0.5, 0.5, "")
        pixels = Pixels.on(heat, np.zeros((2, 3)), cmap=SIGNED, vmin=-1, vmax=1)

        def move(a, n, up):
            line.set_data([0, 1], [0, a if up else -a])
            word.set_text(f"{a:.2f} <&>")
            pixels.set_data(np.full((2, 3), a))
            return {"a": a, "n": n}

        explorer = Explorer(
            "small",
            figure=figure,
            controls={
                "a": slider("slope a", -1, 1, 0.1, 0.5),
                "n": whole("count n", 1, 5, 2),
                "up": toggle("up", True),
            },
            moving=[line, word, pixels],
            update=update or move,
            describe=lambda v: f'a = {v["a"]:.1f} & n = "{v["n"]}"',
            play="n",
            **more,
        )
        made.append(explorer)
        return explorer

    yield build
    for explorer in made:
        explorer.close()


def parts(widget):
    """The widget and all below it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from parts(child)


def overlay(explorer):
    return explorer._over.value


def test_every_report_of_a_slider_is_echoed_to_other_tabs_and_none_of_play(make, monkeypatch):
    explorer, sent = make(), []
    (play,) = (part for part in parts(explorer) if isinstance(part, ipywidgets.Play))
    sliders = explorer.controls["a"], explorer.controls["n"]
    for control in (play, *sliders):
        monkeypatch.setattr(
            control.comm, "send",
            lambda data, *more, control=control, **named: sent.append((control, data)),
        )  # fmt: skip

    def report(control, value):
        sent.clear()
        data = {"method": "update", "state": {"value": value}}
        control.comm.handle_msg({"content": {"data": data}})
        return [(who, data["method"], data["state"]) for who, data in sent]

    a, n = sliders
    assert report(n, 4) == [(n, "echo_update", {"value": 4})]
    moved = -0.30000000000000004
    assert report(a, moved) == [(a, "echo_update", {"value": moved})]
    assert report(play, 3) == []
    a.value, back = 0.4, 0.4000000000000001  # set by Python, and how the browser has it
    assert report(a, back) == [(a, "echo_update", {"value": back})]
    assert a.value == 0.4


def test_it_is_a_widget_with_what_the_contract_names(make):
    e = make()
    assert isinstance(e, ipywidgets.Box)
    assert isinstance(e.figure, Figure)
    assert list(e.controls) == ["a", "n", "up"]
    assert e.frame.startswith(b"<svg")
    assert e.values == {"a": 0.5, "n": 2}


def test_a_control_moves_picture_values_and_caption(make):
    e = make()
    before, shown = e.frame, overlay(e)
    e.controls["a"].value = -0.3
    assert e.values["a"] == pytest.approx(-0.3)
    assert e.frame != before
    assert overlay(e) != shown
    assert e.caption == 'a = −0.3 & n = "2"'
    assert 'aria-label="a = −0.3 &amp; n = &quot;2&quot;"' in overlay(e)
    e.controls["a"].value = 0.5
    assert (e.frame, overlay(e)) == (before, shown)


def test_the_picture_is_made_once(make):
    e = make()
    figure, still = e.figure, e._still.value
    e.controls["a"].value = 0.1
    assert e.figure is figure
    assert e._still.value == still


def test_a_background_met_before_is_not_drawn_again(make, monkeypatch):
    def update(a, n, up):
        e.figure.axes[0].set_ylim(-n, n)
        return {"a": a, "n": n}

    e = make(redraw_on=("n",))
    e._update = update
    shown = {2: e._still.value}  # where it opens
    for n in (3, 4):
        e.controls["n"].value = n
        shown[n] = e._still.value
    assert len(set(shown.values())) == 3
    monkeypatch.setattr(svg, "still", lambda *_: pytest.fail("drawn again"))
    for n in (3, 2):
        e.controls["n"].value = n
        e.controls["a"].value -= 0.1
        assert e._still.value == shown[n]
    assert e.error is None


def test_what_moves_is_not_in_the_background(make):
    e = make()
    still = base64.b64decode(re.search(r"base64,([^\"]+)", e._still.value)[1]).decode()
    assert "0.50" in e.frame.decode()
    assert "<image" in e.frame.decode()
    assert "<image" not in still


def test_reset_and_set_draw_once(make):
    calls = []

    def update(**settings):
        calls.append(settings)
        return {"a": settings["a"], "n": settings["n"]}

    e = make(update)
    del calls[:]
    e.set(a=-1, n=5, up=False)
    assert calls == [{"a": -1, "n": 5, "up": False}]
    e.reset()
    assert calls[1:] == [{"a": 0.5, "n": 2, "up": True}]
    e.reset()
    assert len(calls) == 2  # nothing changed, nothing drawn


@pytest.mark.parametrize(
    ("low", "high", "step", "set_to", "browser_has"),
    [
        (-2, 2, 0.1, 0.8, 0.7999999999999998),  # as Chromium reported them
        (-1, 1, 0.05, 0.3, 0.30000000000000004),
        (-2, 2, 0.1, 0.9, 0.8999999999999999),
        (0, 1, 0.1, 1.0, 1.0),
        (-2, 2, 0.1, 0.73, 0.73),  # between two places: where it goes is news to Python
    ],
)
def test_the_browser_is_told_a_value_as_its_own_slider_has_it(low, high, step, set_to, browser_has):
    moved = slider("a", low, high, step, low)
    moved.value = set_to
    assert moved.value == set_to
    assert moved.get_state("value") == {"value": browser_has}
    moved.close()


def test_no_place_of_a_slider_is_another_once_the_browser_has_it():
    moved = slider("a", -6, 8, 0.1, 0)
    for place in range(141):
        moved.value = -6 + place * 0.1
        told = moved.get_state("value")["value"]
        assert told == pytest.approx(moved.value, abs=1e-12)
        moved.value = told
        assert moved.get_state("value")["value"] == told
    moved.close()


def test_a_reader_may_move_to_where_python_once_was(make):
    """What Python sets is not reported, so every report is the reader's own hand."""
    e = make()
    e.set(a=0.4)
    e.reset()
    e.controls["a"].set_state({"value": 0.50000000000000011})  # nothing new
    assert e.values["a"] == 0.5
    e.controls["a"].set_state({"value": 0.40000000000000013})
    assert e.values["a"] == 0.40000000000000013


def test_a_failing_update_is_shown_and_survived(make):
    def update(a, n, up):
        if n == 3:
            raise ZeroDivisionError("no <slope> here")
        return {"a": a, "n": n}

    e = make(update)
    before = e.frame
    e.controls["n"].value = 3
    assert "ZeroDivisionError: no &lt;slope&gt; here" in overlay(e)
    assert 'role="alert"' in overlay(e)
    assert e.frame == before
    e.controls["n"].value = 4
    assert "alert" not in overlay(e)
    assert e.values["n"] == 4


def test_curves_end_where_their_axes_end(make):
    """The clip is an <svg> of the axes' size and place around the curve."""
    e = make()
    box = e.figure.axes[0].bbox
    clip = re.search(r'<svg x="([^"]*)" y="([^"]*)" width="([^"]*)" height="([^"]*)"', overlay(e))
    x, y, width, height = map(float, clip.groups())
    assert (width, height) == pytest.approx((box.width, box.height), abs=0.02)
    assert (x, y) == pytest.approx((box.x0, 200 - box.y1), abs=0.02)


def test_where_nothing_runs_there_is_a_picture_and_a_sentence(make):
    e = make()
    data, metadata = e._repr_mimebundle_()
    assert data["text/plain"] == 'Explorer small: a = 0.5 & n = "2"'
    assert data["image/png"] == e._repr_mimebundle_()[0]["image/png"]
    assert metadata["image/png"]["alt"] == e.caption
    e.controls["a"].value = -1
    assert data["image/png"] != e._repr_mimebundle_()[0]["image/png"]


def test_close_lets_go_of_everything(make):
    before = set(widget._instances)
    e = make()
    assert set(widget._instances) > before
    e.close()
    assert set(widget._instances) == before
    assert e.figure is None
    e.close()  # a second time does no harm


def test_a_preset_is_a_button_that_puts_controls_where_it_says(make):
    e = make(presets={"steep": {"a": 1}, "flat": {"a": 0, "n": 5}})
    buttons = [b for b in parts(e) if isinstance(b, ipywidgets.Button)]
    steep, flat = (b for b in buttons if b.description in e.presets)
    e.set(up=False)
    flat.click()
    assert (e.values["a"], e.values["n"]) == (0, 5)
    assert e.controls["up"].value  # what a preset does not name goes back to its start
    steep.click()
    assert (e.values["a"], e.values["n"]) == (1, 2)
    e.show_preset("flat")
    assert e.values["a"] == 0
    with pytest.raises(ValueError, match=r"preset: expected one of \['steep', 'flat'\], got 'up'"):
        e.show_preset("up")


@pytest.mark.parametrize("presets", [{"x": {"b": 1}}, {"x": {"a": 1, "forget": 2}}])
def test_a_preset_of_no_control_is_refused(make, presets):
    with pytest.raises(ValueError, match="preset 'x': expected controls among"):
        make(presets=presets)


def test_an_unknown_control_is_named_and_nothing_is_set(make):
    e = make()
    with pytest.raises(ValueError, match=r"set: expected controls among .*, got 'forget'"):
        e.set(a=0.1, forget=1)
    assert e.values["a"] == 0.5


def test_numbers_have_a_true_minus_and_nothing_is_never_minus_nothing():
    assert (signed(-0.731), signed(-1e-9), signed(2, 1)) == ("−0.73", "+0.00", "+2.0")
    assert (plain(-0.731), plain(-1e-9), plain(2, 1)) == ("−0.73", "0.00", "2.0")
    said = true_minus(
        "from -0.5 to -.2 (-3), 约-7.6e-05; -0.00 and -0, but 3-5, GPT-2, w_h-1, 1e-5"
    )
    assert said == "from −0.5 to −.2 (−3), 约−7.6e-05; 0.00 and 0, but 3-5, GPT-2, w_h-1, 1e-5"
    assert true_minus("-0.05, -0.005, 2 - 0.0") == "−0.05, −0.005, 2 - 0.0"
    down = Challenge("Fall.", lambda v: v["a"], -0.5, ".1f")
    assert "Now −0.8, wanted −0.5." in down.words({"a": -0.8})


def test_a_challenge_tells_its_score_and_when_it_is_reached(make):
    e = make(challenge=Challenge("Make it steep.", lambda v: v["a"], 0.9, ".1f"))
    assert "Your goal: Make it steep. Now 0.5, wanted 0.9." in overlay(e)
    e.set(a=0.9)
    assert "✓ Reached: Make it steep. Your score is 0.9." in overlay(e)
    e.reset()
    assert "Your goal" in overlay(e)


def test_a_score_below_the_goal_never_reads_as_the_goal():
    goal = Challenge("Make it steep.", lambda v: v, 0.99, ".3f")
    assert "Now 0.989, wanted 0.990" in goal.words(0.9893)
    assert "Now 0.9898, wanted 0.990" in goal.words(0.9898)
    assert "Now 0.98996, wanted 0.990" in goal.words(0.98996)
    assert "Your score is 0.990" in goal.words(0.99)
    assert "Now −3.000, wanted 0.990" in goal.words(-3)


def test_what_went_wrong_is_told_in_error(make):
    def update(a, n, up):
        return {"a": 1 / (n - 3), "n": n}

    e = make(update)
    assert e.error is None
    e.controls["n"].value = 3
    assert "ZeroDivisionError" in e.error
    e.controls["n"].value = 4
    assert e.error is None


def test_every_label_that_is_shown_is_escaped(make):
    e = make()
    assert "&lt;&amp;&gt;" in e.frame.decode()


def test_the_overlay_styles_nothing_but_itself(make):
    """A <style> inside a page is a rule for all of the page, and costs a restyling of it."""
    assert "<style" not in overlay(make())


def test_dots_are_one_path_that_stands_where_the_data_are():
    figure = picture(300, 200)
    figure.set_layout_engine("none")
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, 3), ylim=(0, 2))
    (dots,) = ax.plot([], [], "o", color="#D55E00", ms=6, mec="none")
    (faint,) = ax.plot([], [], "o", color="#0072B2", alpha=0.5)

    def move(n):
        dots.set_data([1, 2, np.nan], [1, n, 1])
        faint.set_data([1, 2], [1, 1])
        return {"n": n}

    explorer = Explorer(
        "dots", figure=figure, controls={"n": slider("n", 0, 2, 0.1, 0.5)},
        moving=[dots, faint], update=move, describe=str,
    )  # fmt: skip
    paths = re.findall(r'<path d="([^"]*)"[^>]* style="([^"]*)"', overlay(explorer))
    (places,) = [d for d, style in paths if "stroke-linecap: round" in style]
    assert re.findall(r"M (\S+) (\S+)", places) == [("100", "100"), ("200", "150")]
    assert "stroke-width: 6" in overlay(explorer)
    apart = [d for d, style in paths if "opacity: 0.5" in style]
    assert len(apart) == 2  # half-transparent dots add up where they meet
    explorer.close()


def test_pixels_draws_the_values_it_was_given(make):
    e = make()
    e.controls["a"].value = 1
    png = re.search(r'href="data:image/png;base64,([^"]+)"', e.frame.decode())[1]
    pixel = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB").getpixel((0, 0))
    assert pixel == tuple(round(255 * v) for v in SIGNED(1.0)[:3])


def test_lines_stand_below_one_another_where_matplotlib_puts_them():
    """The first line's top at the anchor; the file's picture, by matplotlib, agrees on the place."""
    figure = picture(300, 200)
    ax = figure.subplots()
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    figure.set_layout_engine("none")
    lines = Lines(ax, 0.1, 0.9, fontsize=14, color="#000000")
    explorer = Explorer(
        "lines", figure=figure, controls={}, moving=[lines], describe=lambda _: "",
        update=lambda: lines.set_text("a  $b$ <&>\n\n  third") or {},
    )  # fmt: skip
    svg = explorer.frame.decode()
    found = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*white-space: pre[^>]*>([^<]*)<', svg)
    assert [text for *_, text in found] == ["a  $b$ &lt;&amp;&gt;", "  third"]
    (x, first, _), (same, third, _) = found
    assert x == same
    assert float(third) - float(first) == pytest.approx(2 * 1.28 * 14, abs=0.02)
    black = np.asarray(Image.open(io.BytesIO(figure.png())).convert("L")) < 128
    rows = np.flatnonzero(black.any(axis=1)) * 200 / len(black)
    left = np.flatnonzero(black.any(axis=0))[0] * 300 / black.shape[1]
    assert abs(left - float(x)) < 3
    assert abs(rows[0] - (float(first) - 0.76 * 14)) < 4  # the tops of the letters
    assert abs(rows[-1] - float(third)) < 4  # the feet of "third"
    explorer.close()


def test_no_warning_on_the_way(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        e = make()
        for a in np.linspace(-1, 1, 5):
            e.controls["a"].value = a


def test_a_still_picture_says_what_it_shows():
    still = picture(300, 200, alt='a "line" & more, from -1 on')
    data, metadata = still._repr_mimebundle_()
    shown = widget._instances[data["application/vnd.jupyter.widget-view+json"]["model_id"]]
    assert 'alt="a &quot;line&quot; &amp; more, from −1 on"' in shown.value
    assert data["image/png"] in shown.value
    assert metadata["image/png"]["alt"] == still.alt.replace("-1", "−1")
    assert data["text/plain"] == f"Picture: {metadata['image/png']['alt']}"
    shown.close()
