"""Notebook 10's views of symptoms: a number that leaves the floats, and an echo."""

import matplotlib
import numpy as np

from lstm_core import init_lstm
from lstm_inside.page import Explorer, Words, choice, slider, whole
from lstm_inside.page.style import CELL_LINE, FAINT, FORGET, HIDDEN_LINE, RC, SIGNAL, picture
from lstm_inside.practice.diagnose import (
    ACTIVATIONS,
    activated_forward,
    first_infinite,
    shift_scores,
)
from lstm_inside.words import say

# ---------------------------------------------------------------- NaN


def blow_up_explorer(most=200) -> Explorer:
    """An LSTM in float32 with ReLU in tanh's place: how large c gets, and where it is infinite."""
    base = init_lstm(1, 8, rng=np.random.default_rng(1), dtype=np.float32)
    xs = np.ones((most, 1, 1), np.float32)
    t = np.arange(1, most + 1)
    with matplotlib.rc_context(RC):
        figure = picture(900, 340)
        ax = figure.subplots()
        ax.set(xlim=(0, most + 1), ylim=(-3, 46), xlabel=say("step t"), yticks=(0, 10, 20, 30, 38))
        ax.set_ylabel(say("power of ten"))
        ax.set_title(say("The largest cell of eight: log₁₀ |c|"))
        ax.axhline(38.53, color=FORGET, lw=1.4, ls=(0, (4, 3)))
        ax.text(1, 40.2, say("float32 ends: beyond is infinity"), color=FORGET, weight="bold")
        (calm,) = ax.plot([], [], color="#777777", lw=2, ls=(0, (4, 2)))
        words = {"color": "#555555", "ha": "right", "weight": "bold"}
        ax.text(most, -2.4, say("dashed: the same with tanh"), **words)
        (line,) = ax.plot([], [], color=CELL_LINE, lw=2.8)
        (mark,) = ax.plot([], [], "X", color=FORGET, ms=13)
        words = Words(ax, 0, 44, color=FORGET, weight="bold")

    def update(activation, strength, T):
        params = base._replace(W_h=np.float32(strength) * base.W_h)
        cs, _ = activated_forward(xs[:T], params, activation)
        first = first_infinite(cs)
        size = np.abs(cs[:first, 0]).max(axis=1).astype(float)
        tamed = np.abs(activated_forward(xs[:T], params, "tanh")[0][:, 0]).max(axis=1)
        line.set_data(t[: len(size)], np.log10(np.maximum(size, 1e-3)))
        calm.set_data(t[:T], np.log10(np.maximum(tamed, 1e-3)))
        mark.set_data([] if first is None else [first + 1], [] if first is None else [38.53])
        words.set_x(0 if first is None else np.clip(first + 1, 14, most - 14))
        words.set_text("" if first is None else say("infinite at step {first}", first=first + 1))
        nan = first_infinite(np.where(np.isnan(cs), np.nan, 0))
        return {"activation": activation, "first": first, "nan": nan, "size": size, "T": T}

    def describe(v):
        if v["first"] is None:
            end = say(
                "After {T} steps the largest cell is {size:.3g}.", T=v["T"], size=v["size"][-1]
            )
        elif v["nan"] is None:
            end = say(
                "The first infinite cell stands at step {first} of {T}.",
                first=v["first"] + 1,
                T=v["T"],
            )
        else:
            end = say(
                "The first infinite cell stands at step {first}, the first NaN at step {nan} "
                "of {T}.",
                first=v["first"] + 1,
                nan=v["nan"] + 1,
                T=v["T"],
            )
        return say(
            "Candidate and cell pass through {activation}. {end}",
            activation=v["activation"],
            end=end,
        )

    return Explorer(
        "blow_up",
        figure=figure,
        controls={
            "activation": choice("candidate and cell", list(ACTIVATIONS), "ReLU"),
            "strength": slider("W_h times", 0.5, 8, 0.5, 4, quantity="h", digits=1),
            "T": whole("steps T", 5, most, most, quantity="x"),
        },
        moving=[calm, line, mark, words],
        update=update,
        describe=describe,
        presets={
            "ReLU": {},
            "tanh": {"activation": "tanh"},
            "ReLU, shorter": {"T": 120},
            "ReLU, W_h as drawn": {"strength": 1.0},
        },
    )


# ---------------------------------------------------------------- echo

_WINDOW, _FITTED, _JUDGED, _SHOWN = 8, 1500, 400, 60


def echo_explorer() -> Explorer:
    """A forecast and its shift: the best that a series allows may well be an echo."""
    rng = np.random.default_rng(21)
    N = _WINDOW + _FITTED + _JUDGED + 1
    shocks, cycle = rng.normal(size=N), np.sin(2 * np.pi * np.arange(N) / 12)
    with matplotlib.rc_context(RC):
        figure = picture(900, 360)
        series, shifts = figure.subplots(1, 2, width_ratios=(3, 2))
        series.set(xlim=(0, _SHOWN), ylim=(-3.6, 4.6), xlabel=say("step"), yticks=(-2, 0, 2))
        series.set_title(say("Each value, and its forecast from the step before"))
        (true,) = series.plot([], [], color=FAINT, lw=5)
        (forecast,) = series.plot([], [], color=FORGET, lw=1.8)
        (last,) = series.plot([], [], color=HIDDEN_LINE, lw=1.2, ls=(0, (3, 2)))
        for x, word, colour in (
            (1, say("true"), "#777777"),
            (12, say("forecast"), FORGET),
            (30, say("persistence: say the last value"), HIDDEN_LINE),
        ):
            series.text(x, 4, word, color=colour, weight="bold")
        shifts.set(xlim=(-0.5, 6.5), ylim=(-1.05, 1.3), xlabel=say("shift k"), yticks=(-1, 0, 1))
        shifts.axhline(0, color=FAINT, lw=1)
        shifts.set_title(say("Correlation with the value k steps before"))
        (scores_line,) = shifts.plot([], [], "o-", color=SIGNAL)
        (peak,) = shifts.plot([], [], "o", color=FORGET, ms=11)
        words = Words(shifts, 6.4, 1.2, ha="right", color=FORGET, weight="bold")

    def update(cycle_share, phi, forecaster):
        walk = np.empty(N)
        value = 0.0
        for n, shock in enumerate(shocks.tolist()):
            value = phi * value + shock * (1 - phi * phi) ** 0.5
            walk[n] = value
        x = np.sqrt(cycle_share) * np.sqrt(2) * cycle + np.sqrt(1 - cycle_share) * walk
        past = np.lib.stride_tricks.sliding_window_view(x[:-1], _WINDOW)
        ahead, persistence = x[_WINDOW:], x[_WINDOW - 1 : -1]
        weights = np.linalg.lstsq(past[:_FITTED], ahead[:_FITTED], rcond=None)[0]
        said = past @ weights if forecaster == "fitted" else persistence
        said, truth, lazy = said[_FITTED:], ahead[_FITTED:], persistence[_FITTED:]
        true.set_data(range(_SHOWN), truth[:_SHOWN])
        forecast.set_data(range(_SHOWN), said[:_SHOWN])
        last.set_data(range(_SHOWN), lazy[:_SHOWN])
        scores = shift_scores(said, truth, 6)
        k = int(scores.argmax())
        scores_line.set_data(range(7), scores)
        peak.set_data([k], [scores[k]])
        words.set_text(say("largest at k = {k}", k=k))
        error, lazy_error = (float(np.sqrt(((y - truth) ** 2).mean())) for y in (said, lazy))
        return {"k": k, "scores": scores, "error": error, "lazy": lazy_error, "series": x}

    def describe(v):
        return say(
            "Shifted by k = {k}, the forecast agrees best with the series (correlation "
            "{scores:.2f}; not shifted {scores_2:.2f}). Its error is {error:.2f}, that of "
            "persistence {lazy:.2f}.",
            k=v["k"],
            scores=v["scores"][v["k"]],
            scores_2=v["scores"][0],
            error=v["error"],
            lazy=v["lazy"],
        )

    return Explorer(
        "echo",
        figure=figure,
        controls={
            "cycle_share": slider("share of a rhythm", 0, 0.95, 0.05, 0, quantity="x"),
            "phi": slider("the rest: kept per step", 0.1, 0.95, 0.05, 0.9, quantity="x"),
            "forecaster": choice(
                "forecast",
                [("fitted to eight values", "fitted"), ("persistence", "persistence")],
                "fitted",
            ),
        },
        moving=[true, forecast, last, scores_line, peak, words],
        update=update,
        describe=describe,
        presets={
            "nothing but an echo": {}, "half a rhythm": {"cycle_share": 0.5},
            "a clear rhythm": {"cycle_share": 0.95}, "persistence": {"forecaster": "persistence"},
        },
    )  # fmt: skip
