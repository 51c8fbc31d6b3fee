"""Forecasts of the EEG by four methods, window by window (notebook 07)."""

from functools import lru_cache

import matplotlib
import numpy as np

from lstm_inside.page import Explorer, whole
from lstm_inside.page.style import FAINT, INPUT, OUTPUT, RC, picture
from lstm_inside.simulation.explorers_parts import GREY, learned, named
from lstm_inside.simulation.forecast import (
    HORIZONS,
    LONGEST,
    eeg_windows,
    fit_linear,
    forecast_training,
    linear_forecast,
    lstm_forecast,
    mean_forecast,
    persistence,
    rms_error,
)
from lstm_inside.tasks import EEG_RATE
from lstm_inside.words import say

METHODS = {  # name -> colour
    "mean": "#999999",
    "persistence": "#7A3B00",
    "linear": INPUT,
    "LSTM": OUTPUT,
}


_CLIP = (-4, 4)  # beyond it a curve runs along the edge


@lru_cache(maxsize=1)
def forecast_sketch():
    """An LSTM that learned the EEG for 100 steps: what the explorer shows if given none."""
    run = forecast_training(eeg_windows()[0], rng=np.random.default_rng(0))
    for _ in run.steps(100):
        pass
    return run.params


def _forecasts(model, learn, test):
    """w -> name -> forecasts (B, K, C) from the last w steps of every test window."""
    alike = {"mean": mean_forecast(test.xs), "persistence": persistence(test.xs)}  # whatever w is
    return {
        w: alike
        | {
            "linear": linear_forecast(
                test.last(w), fit_linear(learn.last(w), learn.ahead[-1])
            ),
            "LSTM": lstm_forecast(model, test.last(w)),
        }
        for w in range(1, LONGEST + 1)
    }  # fmt: skip


def forecast_explorer(model=None) -> Explorer:
    """The EEG's next fifth of a second by four methods, from one window (7.8)-(7.10)."""
    given, model = model, forecast_sketch() if model is None else model
    learn, test = eeg_windows()
    forecasts = _forecasts(model, learn, test)
    truth = test.ahead[-1]
    errors = {
        w: {name: rms_error(f, truth) for name, f in of.items()} for w, of in forecasts.items()
    }
    ahead, past = np.arange(1, HORIZONS + 1), np.arange(1 - LONGEST, 1)
    with matplotlib.rc_context(RC):
        figure = picture(900, 400)
        signal, scale = figure.subplots(1, 2, width_ratios=(3, 2))
        signal.set(xlim=(1 - LONGEST, HORIZONS), ylim=(-4.7, 4.3), xlabel=say("step (80 a second)"))
        signal.set_ylabel(say("standard deviations of the learning part"))
        signal.set_title(say("One window of the test part, and what follows"))
        signal.axvline(0, color=FAINT, lw=1)
        signal.text(-0.4, 3.95, say("now"), color=GREY, va="center", ha="right")
        for x, words, looks in ((0.02, say("━ the window"), {"color": "#333333", "weight": "bold"}),
                                (0.24, say("─ before it"), {"color": GREY}),
                                (0.43, say("··· what came"), {"color": "#333333"})):  # fmt: skip
            signal.text(x, 0.03, words, transform=signal.transAxes, fontsize=12, **looks)
        scale.set(xlim=(0.5, HORIZONS + 0.5), ylim=(0, 2.2), xlabel=say("steps ahead"))
        scale.set_title(say("Error over all windows"))
        for k, (name, colour) in enumerate(METHODS.items()):
            scale.text(0.97, 0.26 - 0.075 * k, named(name), color=colour, weight="bold", ha="right",
                       transform=scale.transAxes)  # fmt: skip
        (seen,) = signal.plot([], [], color="#333333", lw=3, marker="o", ms=6, markevery=[-1])
        (unseen,) = signal.plot([], [], color=FAINT, lw=1.6)
        (came,) = signal.plot([], [], color="#333333", lw=1.6, ls=":")
        courses = {n: signal.plot([], [], color=c)[0] for n, c in METHODS.items()}
        curves = {n: scale.plot([], [], color=c, marker="o", ms=4)[0] for n, c in METHODS.items()}
        cursor = scale.axvline(0, ymin=0.31, color="#111111", lw=1.2, ls=(0, (3, 2)))
        at = signal.axvline(0, color="#111111", lw=1.2, ls=(0, (3, 2)))

    def update(window, horizon, start, channel):
        c = channel - 1
        seen.set_data(past[-window:], np.clip(test.xs[-window:, start, c], *_CLIP))
        unseen.set_data(past, np.clip(test.xs[:, start, c], *_CLIP))
        last = test.xs[-1, start, c]
        came.set_data([0, *ahead], np.clip([last, *truth[start, :, c]], *_CLIP))
        for name, line in courses.items():
            line.set_data(
                [0, *ahead], np.clip([last, *forecasts[window][name][start, :, c]], *_CLIP)
            )
            curves[name].set_data(ahead, np.minimum(errors[window][name], 2.2))
        for line in (cursor, at):
            line.set_xdata([horizon, horizon])
        off = {name: float(e[horizon - 1]) for name, e in errors[window].items()}
        return {"window": window, "horizon": horizon, "off": off, "errors": errors[window],
                "forecasts": {n: f[start] for n, f in forecasts[window].items()},
                "truth": truth[start]}  # fmt: skip

    def describe(v):
        order = sorted(v["off"], key=v["off"].get)
        ms = 1000 * v["horizon"] / EEG_RATE
        steps = say("1 step") if v["window"] == 1 else say("{window} steps", window=v["window"])
        return say(
            "From {steps} of all four channels, {horizon} ahead ({ms:g} ms). Typical error in "
            "deviations of the signal: {errors}. Best here: {best}.",
            steps=steps,
            horizon=v["horizon"],
            ms=ms,
            errors=say(", ").join(f"{named(name)} {v['off'][name]:.2f}" for name in order),
            best=named(order[0]),
        )

    return learned(
        "forecast",
        say(
            "an EEG forecast by persistence, a linear model, an LSTM and the mean from the same "
            "window, and their errors over all test windows by horizon."
        ),
        given,
        figure=figure,
        controls={
            "window": whole("steps in the window", 1, LONGEST, 8, quantity="x"),
            "horizon": whole("steps ahead", 1, HORIZONS, 4, quantity="x"),
            "start": whole("which test window", 0, test.xs.shape[1] - 1, 60, quantity="x"),
            "channel": whole("channel shown", 1, 4, 1, quantity="x"),
        },
        moving=[seen, unseen, came, *courses.values(), *curves.values(), cursor, at],
        update=update,
        describe=describe,
        play="start",
    )
