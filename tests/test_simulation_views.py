"""The explorers and pictures of notebook 07."""

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.text import Annotation, Text

from lstm_core import lstm_forward
from lstm_inside import simulation as lt
from lstm_inside.gates import LATCH
from lstm_inside.page import Pixels
from lstm_inside.page.style import CELL_LINE, FORGET, INPUT, OUTPUT
from lstm_inside.simulation import explorers as simulation
from lstm_inside.simulation import figures, figures_held
from lstm_inside.simulation.explorers_parts import passage
from lstm_inside.simulation.forecast import eeg_windows, fit_linear, linear_forecast, rms_error

SOURCE = '''def f(a, b=[1, 2]):  # a (note)
    x = "in ( a" + a
    """two
    lines"""
    return (x,
            b)
'''


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def model():
    return lt.sketch()


def test_the_temperature_explorer_shows_the_models_own_shares(model):
    view = simulation.temperature_explorer(model)
    before, text, _ = passage()
    view.set(temperature=0.5, at=30)
    h, _ = lt.states_after(model, before + text[:31])
    assert view.values["shares"] == pytest.approx(
        lt.next_shares(h[0], model.readout, 0.5), abs=1e-5
    )
    assert view.values["came"] == text[31]
    view.close()


def test_the_cell_over_a_readers_own_text(model):
    own = "x = [1, (2)]  # Größe\nprint(x)"
    view = simulation.cell_explorer(model, text=own)
    assert (
        view.controls["at"].max == len(own) - 1
    )  # the last character's follower is the line's end
    view.set(at=4, mark="brackets")
    assert view.values["symbol"] == "["
    assert view.error is None
    given = simulation.cell_explorer(model)
    assert view.values["shares"].shape == given.values["shares"].shape
    given.close()
    view.close()
    view = simulation.cell_explorer(model, text="no Python (at all: " * 3)
    assert view.values["r"] == 0  # nothing is marked
    view.close()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", ValueError),
        ("a", ValueError),
        ("a\n" * 12, ValueError),
        ("a" * 101, ValueError),
        (3, TypeError),
    ],
)
def test_the_cell_explorer_refuses_what_it_cannot_show(model, text, error):
    with pytest.raises(error, match="text: expected"):
        simulation.cell_explorer(model, text=text)


def test_the_cell_explorers_gates_and_prediction_are_those_at_the_cursor(model):
    view = simulation.cell_explorer(model)
    before, text, _ = passage()
    at, ids = 50, lt.encode(before + text)
    view.set(at=at, unit=3)
    k = len(before) + at + 1
    trace = lstm_forward(lt.one_hot(ids)[:, None], model.cell)
    v = view.values
    assert v["c"] == pytest.approx(trace.c[k, 0, 3], rel=1e-5)
    assert v["c"] == pytest.approx(v["f"] * v["c_prev"] + v["i"] * v["g"], abs=1e-5)
    shares = lt.next_shares(trace.h[k, 0], model.readout)
    assert v["shares"] == pytest.approx(shares, abs=1e-5)
    assert v["loss"] == pytest.approx(-np.log2(shares[ids[k]]), rel=1e-4)
    lines = [line for ax in view.figure.axes[1:3] for line in ax.lines]
    drawn = {line.get_color(): line.get_ydata() for line in lines if line.get_lw() > 1}
    searched = lt.read(model, "search", B=16, T=200)
    (middle,) = (line for line in lines if line.get_color() == CELL_LINE and line.get_lw() == 1)
    low, high = lt.levels(searched, 3, "brackets")
    assert middle.get_ydata() == pytest.approx([np.tanh((low + high) / 2)] * 2, abs=1e-5)
    for colour, course in ((INPUT, trace.i), (FORGET, trace.f), (CELL_LINE, trace.tanh_c)):
        assert drawn[colour] == pytest.approx(course[k - 40 : k, 0, 3], abs=1e-5)
    extra = [line for line in lines if line.get_color() in (OUTPUT, simulation._PALE)]
    assert all(np.isnan(line.get_ydata()).all() for line in extra)
    view.set(more=True)
    for line, course in zip(extra, (trace.o, trace.g), strict=True):
        assert line.get_ydata() == pytest.approx(course[k - 40 : k, 0, 3], abs=1e-5)
    view.close()


def test_the_clamp_explorer_shows_a_real_clamp(model):
    view = simulation.clamp_explorer(model)
    before, text, _ = passage()
    view.set(value=1.5, at=40, length=12)
    v = view.values
    ids = lt.encode(before + text)[: len(before) + 41]
    trace = lstm_forward(lt.one_hot(ids[:-12])[:, None], model.cell)
    h, _ = lt.clamped_forward(lt.one_hot(ids[-12:])[:, None], model.cell, v["suspect"].unit, 1.5,
                              trace.h[-1], trace.c[-1])  # fmt: skip
    assert v["shares"][0, 1] == pytest.approx(lt.share_of(model, h[-1, 0], ")]}"), rel=1e-4)
    s = v["suspect"]
    h, _ = lt.clamped_forward(lt.one_hot(ids[-12:])[:, None], model.cell, s.control,
                              s.matched(1.5), trace.h[-1], trace.c[-1])  # fmt: skip
    assert v["shares"][0, 2] == pytest.approx(lt.share_of(model, h[-1, 0], ")]}"), rel=1e-4)
    page = view.figure.axes[0]
    framed = max(page.lines, key=lambda line: len(line.get_xdata()))
    assert len(framed.get_xdata()) == 3 * 12  # a line under each that is held
    (tint,) = (artist for artist in page.get_children() if isinstance(artist, Pixels))
    row, column = text[:41].count("\n"), 40 - (text[:40].rfind("\n") + 1)
    assert tint.get_array()[-1 - row, column] == pytest.approx(np.tanh(1.5))
    ends = {t.get_text(): t for t in view.figure.axes[2].texts if ", " in t.get_text()}
    curves = v["measured"]
    for name, course in (("left alone", curves.alone), ("cell held", curves.held[:, 0])):
        names = [f"{name}, {where}" for where in ("inside", "outside")]
        places = np.array([ends[each].get_position()[1] for each in names])
        assert places.argsort().tolist() == course.argsort().tolist()
        assert np.log10(places) == pytest.approx(np.log10(course), abs=0.25)
    view.close()


def test_suspects_are_the_best_cells_with_their_own_scales(model):
    reading = lt.read(model, "search", B=8, T=60)
    reading = lt.with_line(reading)
    for mark, suspect in lt.suspects(reading).items():
        assert (suspect.unit, suspect.control) == lt.chosen_and_control(reading, mark)
        assert suspect.r == pytest.approx(lt.scores(reading, mark)[suspect.unit])
        assert suspect.scale == pytest.approx(sorted(lt.levels(reading, suspect.unit, mark)))
        ends = sorted(lt.levels(reading, suspect.control, mark))
        assert [suspect.matched(end) for end in suspect.scale] == pytest.approx(ends)


def test_the_bits_picture_names_the_cheapest_model_and_the_next():
    bits = {"bigram": 3.4, "LSTM": 2.3, "5-gram": 2.1}
    for close in (False, True):
        (ax,) = figures.bits_picture(bits, close=close).axes
        assert ax.get_title("left") == "5-gram wins, LSTM comes next"
        assert ax.lines[-1].get_xdata()[0] == 2.1
        if close:  # dots, as bars would have to begin at 0
            (dots,) = ax.collections
            drawn = dots.get_offsets()[:, 0].tolist()
        else:
            drawn = [bar.get_width() for bar in ax.patches]
        assert drawn == pytest.approx(list(bits.values()))
        named = [text for text in ax.texts if text.get_text() == "5-gram"]
        assert [text.xy[0] for text in named] == [2.1] * close  # beside the dashed line
        first, last = ax.get_xlim()
        assert first < 2.1
        assert last > 3.4
        assert (first > 0) == close


def test_the_samples_go_on_from_their_start_in_grey():
    figure = figures.samples_picture({"a": "cd\ne", "b": "f"}, "\n\nif x:\n    ")
    for ax, text in zip(figure.axes, ("cd\ne", "f"), strict=True):
        start, went_on = ax.texts
        assert start.get_text().replace("\u00a0", " ").split("\n")[:2] == [
            "if x:↵",
            "····" + " " * len(text.split("\n")[0] + "↵" * ("\n" in text)),
        ]
        assert went_on.get_text().replace("\u00a0", " ").lstrip() == text.replace("\n", "↵\n")
        assert start.get_color() != went_on.get_color()
    (ax,) = figures.samples_picture({"a": "cd"}).axes
    assert [words.get_text() for words in ax.texts] == ["\u00a0" * 2, "cd"]
    (ax,) = figures.samples_picture({"a": "c)d"}, strong=")").axes
    assert ax.texts[-1].get_text() == "\u00a0)\u00a0"


def test_the_cases_are_drawn_in_pairs_with_their_counts():
    cases = [lt.Case(f"case {k}", 0.1 * k, 10 + k, k % 2 > 0, k) for k in range(4)]
    (ax,) = figures.cases_picture(cases).axes
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([0, 0.1, 0.2, 0.3])
    colours = [bar.get_facecolor() for bar in ax.patches]
    assert colours[0] == colours[2] != colours[1] == colours[3]
    rows = [bar.get_y() for bar in ax.patches]
    assert rows[2] - rows[1] > rows[1] - rows[0]
    said = [text.get_text() for text in ax.texts]
    assert {"10", "11", "12", "13", "1", "2", "3"} <= set(said)
    assert "0" not in said  # outside brackets there are none to count


def test_harm_is_drawn_for_both_cells_with_its_error():
    rows = {"both": [(0.5, 0.04), (0.2, 0.02)], "neither": [(-0.001, 0.01), (0.1, 0.01)]}
    figure = figures_held.harm_picture({"Held off": rows, "Borrowed": {"agrees": rows["both"]}})
    for ax, want in zip(figure.axes, ([0.5, 0.2, -0.001, 0.1], [0.5, 0.2]), strict=True):
        assert [bar.get_width() for bar in ax.patches] == pytest.approx(want)
    assert "neither 0.00, control 0.10" in figure.alt


def test_three_held_cells_are_drawn_with_what_each_end_does():
    where = np.array([[True, False]])

    def saying(inside, outside):
        return lt.Held({")": np.array([[inside, outside]])}, np.ones((1, 2)))

    held = {"free": saying(0.1, 0.1), (3, "off"): saying(0.05, 0.9), (3, "on"): saying(0.9, 0.8),
            (5, "off"): saying(0.08, 0.1), (5, "on"): saying(0.1, 0.2),
            (7, "low"): saying(0.09, 0.11), (7, "high"): saying(0.12, 0.13)}  # fmt: skip
    figure = figures_held.ends_picture(held, where, ~where, 3, 5, 7)
    assert "Held off, inside brackets: ) 0.50; Held on, outside brackets: ) 8.00" in figure.alt
    words = {text.get_text() for text in figure.axes[1].texts}
    assert {"second-best, cell 5", "control: ○ low, ● high"} <= words


def test_what_is_kept_is_drawn_for_both_kinds_of_bracket():
    found = lt.Kept(np.linspace(1, 0.75, 5), np.linspace(1, 0.5, 5), 4, 2, 9, [])
    figure = figures_held.kept_picture(found)
    drawn = [line.get_ydata()[-1] for line in figure.axes[0].lines]
    assert drawn == [0.75, 0.5]
    assert "Of 9 brackets the cell is on for 6 at 1." in figure.alt


def test_the_effects_are_drawn_from_1_and_told():
    figure = figures_held.effects_picture({") ] }": (0.25, 8.0), "letters": (1.0, 0.5)})
    for ax, factors in zip(figure.axes, ((0.25, 1.0), (8.0, 0.5)), strict=True):
        drawn = [line.get_xdata() for line in ax.lines if line.get_lw() > 5]
        assert [tuple(x) for x in drawn] == [(1, factor) for factor in factors]
    assert "Held off, inside brackets: ) ] } 0.25, letters 1.00" in figure.alt
    figure = figures_held.effects_picture({")": (0.25, 8.0)}, {"unit 3": {")": (0.5, 4.0)}})
    thin = [line.get_xdata() for ax in figure.axes for line in ax.lines if 2 < line.get_lw() < 5]
    assert [tuple(x) for x in thin] == [(1, 0.5), (1, 4.0)]
    assert figure.axes[1].texts[-1].get_text() == "unit 3"
    figure = figures_held.effects_picture(
        {")": (0.25, 8.0)}, {"control": {")": ((0.5, 2), (1, 3))}}
    )
    thin = [line for ax in figure.axes for line in ax.lines if line.get_marker() == "o"]
    assert [line.get_xdata()[1] for line in thin] == [0.5, 2, 1, 3]
    assert [line.get_mfc() == "white" for line in thin] == [True, False, True, False]


def test_the_forecast_explorers_errors_are_those_of_the_methods():
    view = simulation.forecast_explorer()
    learn, test = eeg_windows()
    view.set(window=5, horizon=3)
    line = fit_linear(learn.last(5), learn.ahead[-1])
    want = rms_error(linear_forecast(test.last(5), line), test.ahead[-1])[2]
    assert view.values["off"]["linear"] == pytest.approx(want)
    view.close()


def test_texts_stored_with_trained_explorers_hold_no_figures(model):
    view = simulation.clamp_explorer(model)
    data, metadata = view._repr_mimebundle_()
    assert not any(symbol.isdigit() for symbol in data["text/plain"])
    assert metadata["image/png"]["alt"] == view.caption
    view.close()


async def _train(view, steps):
    return await view.train(steps)


def test_live_text_trains_stops_and_goes_on():
    view = simulation.live_text(steps=12)
    first = view.values["text"]
    assert asyncio.run(_train(view, 4)) == 4
    assert view.values["step"] == 4
    assert asyncio.run(_train(view, 12)) == 8
    assert view.values["text"] != first
    assert view.values["bits"] == pytest.approx(view.run.losses.mean() / np.log(2))
    assert "done" in view.status.value
    view.close()


def test_live_text_pauses_to_be_measured_whoever_runs_it():
    measured = []

    async def press(view):
        view.start_button.click()
        await view._task

    view = simulation.live_text(
        steps=6, pauses=(4, 2), measure=lambda run: measured.append(run.step)
    )
    asyncio.run(press(view))
    assert measured == [2, 4, 6]
    assert view.run.step == 6
    assert asyncio.run(_train(view, 6)) == 0  # a cell finds it done
    view._measure = lambda run: (measured.append(run.step), view.stop())
    assert asyncio.run(_train(view, 8)) == 2
    assert measured == [2, 4, 6, 8]
    view.close()


def test_live_text_goes_on_to_the_next_200_and_measures_where_it_was_stopped():
    measured = []
    view = simulation.live_text(steps=3, pauses=(2,), measure=lambda run: measured.append(run.step))
    run = view.run = SimpleNamespace(step=2, stop=lambda: None)
    run.steps = lambda count: iter([setattr(run, "step", run.step + count)])
    assert asyncio.run(_train(view, 450)) == 448
    assert measured == [200, 400, 450]
    run.steps = lambda count: iter([setattr(run, "step", run.step + 1)])  # stopped
    assert asyncio.run(_train(view, 600)) == 1
    assert measured == [200, 400, 450, 451]
    view.close()


def test_live_text_draws_what_was_measured_on_other_text():
    unseen = {}
    view = simulation.live_text(None, {"trigram": 2.6}, unseen, steps=4)
    dots = view.figure.axes[0].lines[-1]
    assert len(dots.get_xdata()) == 0
    unseen |= {2: 5.0, 4: 4.0}
    view.set(draw=2)
    assert dots.get_xydata().tolist() == [[2, 5], [4, 4]]
    view.close()


def test_the_cell_explorer_says_where_its_cell_was_written_and_let_go():
    def did(on, opened=(), fell=()):
        """Words and slots, of 20 slots: those at which the cell is on, and its gates move."""
        slots = np.arange(20)
        return simulation._what_it_did(*(np.isin(slots, at) for at in (opened, fell, on)))

    words = [word for word, _ in did(range(3, 18), [3, 4], [0, 18])]
    assert words == ["written", "held", "let go"]
    assert [slot for _, slot in did(range(3, 18), [3, 4], [0, 18])] == [3, 12, 18]
    assert [word for word, _ in did([8, 9], [8], [10])] == ["written", "", "let go"]
    assert [word for word, _ in did(range(8, 20), [8])] == ["written", "", ""]
    assert [word for word, _ in did(range(5), [], [5])] == ["", "", "let go"]  # written before
    assert [word for word, _ in did([], [3], [9])] == ["", "", ""]  # it never came on
    assert [word for word, _ in did([8, 9], [2], [15])] == ["", "", ""]  # no gate moved there


@pytest.mark.parametrize("mark", ["brackets", "line"])
def test_a_preset_of_the_cell_explorer_ends_after_what_it_names(mark):
    view = simulation.cell_explorer(lt.stored_writer().model, unit=42)
    said = {}
    for name in view.presets:
        view.show_preset(name)
        view.set(mark=mark)
        said[name] = {words.get_text() for words in view.figure.axes[2].texts} & {
            "written", "let go",
        }  # fmt: skip
    assert said["a bracket opens"] == {"written"}
    assert said["after a line break"] == {"let go"}
    view.close()


def test_still_pictures_say_what_they_show(model):
    reading = lt.read(model, "search", B=8, T=200)
    every = lt.EveryCell(np.linspace(0.5, 2, 32), np.linspace(1, 8, 32))
    cases = [lt.Case("here", 0.8, 12, True, 3), lt.Case("there", 0.1, 0, False, 0)]
    costs = {"table": np.full((3, 2), 2.0), "LSTM": np.full((3, 2), 3.0)}
    for shown in (
        figures.bits_picture({"bigram": 3.4, "LSTM": 2.3}),
        figures.samples_picture({"a": "def $x$\n" * 9, "b": "y" * 99}),
        figures.page_picture(model, 3),
        figures.scores_picture(reading),
        figures.scores_picture(reading, again=reading),
        figures_held.effects_picture({")": (0.2, 8.0), ",": (1.0, 0.5)}),
        figures_held.chances_picture({"left alone": (0.04, 0.003), "held off": (0.01, 0.001)}),
        figures_held.harm_picture(
            {
                "Held off": {key: [(0.3, 0.02), (-0.001, 0.01)] for key in lt.LINE_PLACES},
                "Borrowed": {"agrees": [(0.0, 0.01), (0.1, 0.02)]},
            }
        ),
        figures_held.kept_picture(
            lt.Kept(np.linspace(0.8, 0.5, 40), np.linspace(1, 0.6, 40), 9, 7, 20, ["f(x"])
        ),
        figures_held.spreading_picture(),
        figures_held.networks_picture({"seed 1": (np.linspace(-0.7, 0.4, 32), every, 3)}),
        figures.samples_picture({"a": "f(x)"}, strong="()"),
        figures.scores_picture(reading, untrained=reading),
        figures.errors_picture({"mean": np.ones(16), "LSTM": np.ones((3, 16))}),
        figures.learning_picture(
            {20: dict.fromkeys("abcd", 5.0), 400: {"a": 4.0, "b": 1.0, "c": 3.9, "d": 2.0}}
        ),
        figures.turns_picture(model, reading, "brackets", 3),
        figures_held.every_cell_picture(lt.scores(reading, "brackets"), every, 3, 5),
        figures.matches_picture(lt.nearest_matches(reading, 3)),
        figures.cases_picture(cases),
        figures.closings_picture(np.array([[1, 5], [16, 41], [0, 2]]), costs),
        figures.samples_picture(dict.fromkeys("abcdef", "x = 1")),
    ):
        data, metadata = shown._repr_mimebundle_()
        assert len(data["image/png"]) > 2000
        assert len(metadata["image/png"]["alt"]) > 20
        assert not any(symbol.isdigit() for symbol in data["text/plain"])


def test_the_best_cells_are_named_with_a_true_minus(model):
    reading = lt.read(model, "search", B=8, T=200)
    figure = figures.scores_picture(
        reading._replace(marks={m: ~v for m, v in reading.marks.items()})
    )
    turned = [text.get_text() for text in figure.findobj(Text) if "r = " in text.get_text()]
    straight = [
        text.get_text()
        for text in figures.scores_picture(reading).findobj(Text)
        if "r = " in text.get_text()
    ]
    assert len(turned) == len(straight) == len(reading.marks)
    for one, other in zip(turned, straight, strict=True):  # a mark turned round turns its r round
        assert ("−" in one) != ("−" in other)
        assert "-" not in one + other


def test_the_scores_picture_shows_chance_and_the_same_cell_on_other_text(model):
    reading, again = lt.read(model, "search", B=8, T=200), lt.read(model, "measure", B=8, T=200)
    figure = figures.scores_picture(reading, again=again)
    for ax, (mark, holds) in zip(figure.axes, reading.marks.items(), strict=True):
        chance, cells, best, ring = (line.get_ydata() for line in ax.lines)
        r = lt.scores(reading, mark)
        elsewhere = {**reading.marks, mark: np.roll(holds, 1, axis=1)}
        by_chance = lt.scores(reading._replace(marks=elsewhere), mark)
        assert cells == pytest.approx(np.sort(np.abs(r))[::-1])
        assert chance == pytest.approx(np.sort(np.abs(by_chance))[::-1])
        assert best == cells[0]
        other = lt.scores(again, mark)[np.abs(r).argmax()]
        assert ring == pytest.approx([abs(other)])
        assert f"on the measuring part {other:.2f}".replace("-", "−") in figure.alt
    assert len(figures.scores_picture(reading).axes[0].lines) == 3
    again = figures.scores_picture(reading, untrained=again)
    blind = np.abs(lt.scores(lt.read(model, "measure", B=8, T=200), "string")).max()
    assert again.axes[1].lines[-1].get_ydata() == pytest.approx([blind] * 2)
    assert f"in an untrained LSTM {blind:.2f}" in again.alt


def test_the_page_is_coloured_by_the_cell_after_each_character(model):
    before, text, found = passage()
    figure = figures.page_picture(model, 3)
    (page,) = figure.axes
    (tint,) = (artist for artist in page.get_children() if isinstance(artist, Pixels))
    _, c = lt.states_after(model, before + text[:31])
    row, column = text[:31].count("\n"), 30 - (text[:30].rfind("\n") + 1)
    assert tint.get_array()[-1 - row, column] == pytest.approx(np.tanh(c[0, 3]), abs=1e-5)
    underlined = max(page.lines, key=lambda line: len(line.get_xdata()))
    assert len(underlined.get_xdata()) == 3 * found["brackets"].sum()
    assert "cell 3 " in figure.alt


def test_of_two_neighbouring_cells_the_higher_is_named_above():
    effect = np.ones(32)
    effect[[3, 7, 9, 11]] = 4, 0.25, 0.3, 0.5
    figure = figures_held.every_cell_picture(np.full(32, 0.1), lt.EveryCell(effect, effect), 3, 5)
    for ax in figure.axes:
        below = {t.get_text(): t.xyann[1] for t in ax.texts if isinstance(t, Annotation)}
        assert below["cell 9"] > 0 > below["cell 7"]
        assert "cell 11" not in below  # its effect is far from that of the chosen one


def test_every_control_moves_the_picture_of_a_model_of_another_size():
    small = lt.text_training(lt.encode(SOURCE), H=5, T=4, B=3, steps=9, rng=rng(9)).params
    for make in ("temperature", "cell", "clamp"):
        view = getattr(simulation, f"{make}_explorer")(small)
        start = view.frame
        for name, control in view.controls.items():
            value = control.value
            options = getattr(control, "options", (False, True))  # of a tick box
            ends = [control.min, control.max] if hasattr(control, "min") else options
            frames = set()
            for end in ends:
                control.value = end[1] if isinstance(end, tuple) else end
                assert 'role="alert"' not in view._over.value, (make, name, end)
                frames.add(view.frame)
            assert len(frames) > 1, f"{make}: {name} moves nothing"
            control.value = value
        assert view.frame == start
        view.close()


def test_the_learning_picture_draws_and_tells_what_was_measured():
    measured = {20: dict(zip("abcd", (5.0, 4, 3, 2), strict=True)),
                400: dict(zip("abcd", (4.25, 1, 2, 1.5), strict=True))}  # fmt: skip
    figure = figures.learning_picture(measured)
    drawn = [line.get_xydata().tolist() for line in figure.axes[0].lines]
    assert drawn == [[[20, y], [400, measured[400][n]]] for n, y in measured[20].items()]
    assert "20 steps a 5.00, b 4.00, c 3.00, d 2.00; after 400 steps a 4.25, b 1.00" in figure.alt
    assert figures.learning_picture({7: measured[20]}).png()  # Train was pressed instead


def test_the_turns_picture_draws_what_surrounds_a_marks_ends(model):
    reading = lt.read(model, "search", B=8, T=200)
    figure = figures.turns_picture(model, reading, "brackets", 3)
    begins, ends = lt.turns(reading.marks["brackets"])
    for t, b in zip(*np.nonzero(ends), strict=True):  # those that lasted 8 or more after opening
        ends[t, b] = t >= 9 and reading.marks["brackets"][t - 9 : t, b].all()
    off, on = lt.levels(reading, 3, "brackets")
    up = np.sign(on - off)  # drawn so that it goes up with the mark
    trace = lstm_forward(reading.xs, model.cell)
    for ax, event in zip(figure.axes, (begins, ends), strict=True):
        drawn = {
            line.get_color(): line.get_xydata() for line in ax.lines if line.get_marker() == "o"
        }
        for colour, course in (
            (FORGET, trace.f[:, :, 3]),
            (INPUT, trace.i[:, :, 3]),
            (CELL_LINE, up * np.tanh(reading.c[1:, :, 3])),
        ):
            want = np.mean(
                [
                    course[t - 4 : t + 9, b]
                    for t, b in zip(*np.nonzero(event), strict=True)
                    if lt.WARM + 4 <= t < len(event) - 8
                    and (event is ends or reading.marks["brackets"][t : t + 9, b].all())
                ],
                axis=0,
            )
            assert drawn[colour][:, 0].tolist() == list(range(-4, 9))
            assert drawn[colour][:, 1] == pytest.approx(want)
    half = lt.around(up * np.tanh(reading.c[1:, :, 3])[lt.WARM :], ends[lt.WARM :], q=0.75)
    (shade,) = figure.axes[1].collections
    assert shade.get_paths()[0].vertices[:, 1].max() == pytest.approx(half.max())
    assert f" and {half[4]:.2f}" in figure.alt
    drawn = figure.axes[0].lines[0].get_ydata()[3:7]
    assert f"begin forget f {', '.join(f'{y:.2f}' for y in drawn)};" in figure.alt


def test_the_latch_set_by_hand_stands_above_the_found_cell(model):
    reading = lt.read(model, "search", B=8, T=200)
    alone = figures.turns_picture(model, reading, "brackets", 3)
    figure = figures.turns_picture(model, reading, "brackets", 3, by_hand=LATCH)
    *above, begins, ends = figure.axes
    for ax, same in zip((begins, ends), alone.axes, strict=True):
        for line, other in zip(ax.lines[:3], same.lines[:3], strict=True):
            np.testing.assert_array_equal(line.get_xydata(), other.get_xydata())
    for ax in above:
        drawn = {line.get_color(): line.get_ydata() for line in ax.lines}
        flag = 1.0 * (np.arange(13) == 4)
        assert drawn[INPUT] == pytest.approx(flag, abs=1e-3)
        assert drawn[FORGET] == pytest.approx(1 - flag, abs=1e-3)
    held = [{line.get_color(): line.get_ydata() for line in ax.lines}[CELL_LINE] for ax in above]
    kept = np.tanh(np.tanh(0.5 * 3))
    assert held[0] == pytest.approx(np.where(np.arange(13) < 4, 0, kept), abs=0.01)
    assert held[1] == pytest.approx(np.where(np.arange(13) < 4, kept, 0), abs=0.01)
    assert "Set by hand: begin forget f 1.00, 0.00, 1.00, 1.00;" in figure.alt
    assert figure.alt.endswith(alone.alt)


def test_a_training_begun_by_the_button_is_waited_for_by_a_cell():
    view = simulation.live_text(steps=8)

    async def both():
        view.start_button.click()
        await asyncio.sleep(0)
        return await view.train(10), view.run.step

    assert asyncio.run(both()) == (2, 10)
    view.close()
