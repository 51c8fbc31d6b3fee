"""The still pictures of notebook 10: validation curves, free runs, three faults."""

import matplotlib
import numpy as np

from lstm_core import init_lstm
from lstm_inside.page import picture
from lstm_inside.page.style import CELL_LINE, FAINT, FORGET, HIDDEN_LINE, RC
from lstm_inside.practice.diagnose import forecast_run, teach_series
from lstm_inside.tasks import recall_problem
from lstm_inside.training import Adam, Model, Training, answers, init_readout, loss_at_end

FAULTS = ("constant", "echo", "flat", "infinite", "overfitting")  # what a picture may show


def sines(T, B, *, rng):
    """B sines of period 16 from places of their own: (T, B)."""
    phase = rng.uniform(0, 2 * np.pi, B)
    return np.sin(2 * np.pi * np.arange(T)[:, None] / 16 + phase)


def shaken_sines(T, B, *, rng):
    """B pendulums of period 16 that chance pushes at every step, to deviation 1: (T, B).

    Unpushed, a swing loses a twentieth of its height a step.
    """
    keep, before = 0.95, 60  # steps to forget where it started
    x, push = np.zeros((T + before, B)), rng.normal(size=(T + before, B))
    for t in range(2, len(x)):
        x[t] = 2 * keep * np.cos(2 * np.pi / 16) * x[t - 1] - keep**2 * x[t - 2] + push[t]
    return x[before:] / x[before:].std()


def size_curves(curves, every):
    """Training and validation loss over the steps, a panel a size, a line a seed.

    curves: dict H -> (seeds, points, 2), training and validation. every: steps from point to point.
    """
    with matplotlib.rc_context(RC):
        figure = picture(920, 320)
        axes = figure.subplots(1, len(curves), sharey=True)
        for ax, (H, losses) in zip(axes, curves.items(), strict=True):
            losses = np.asarray(losses)
            t = every * np.arange(1, losses.shape[1] + 1)
            ax.plot(t, losses[..., 0].T, color=HIDDEN_LINE, lw=1.6)
            ax.plot(t, losses[..., 1].T, color=FORGET, lw=1.8)
            for curve in losses[..., 1]:
                ax.plot(t[curve.argmin()], curve.min(), "o", color=FORGET, ms=7)
            ax.set(ylim=(0, 1), xlabel="training step")
            ax.set_title(f"H = {H}")
        axes[0].set_ylabel("mean squared error")
        axes[-1].text(t[-1], 0.9, "validation", color=FORGET, weight="bold", ha="right")
        axes[-1].text(t[-1], 0.05, "training", color=HIDDEN_LINE, weight="bold", ha="right")
    figure.alt = (
        f"Training and validation loss for {', '.join(map(str, curves))} units, three starts "
        "each. The training losses of the larger nets fall to zero. Their validation losses fall "
        "first, reach a lowest point, marked by a dot, and rise again."
    )
    return figure


def free_runs(rows, taught):
    """Forecasts that read true values for `taught` steps, then themselves.

    rows: dict title -> (truth (T,), said (T,)), where said[t] is the forecast of truth[t].
    """
    with matplotlib.rc_context(RC):
        figure = picture(920, 150 * len(rows) + 30)
        axes = figure.subplots(len(rows), 1, sharex=True)
        for ax, (title, (truth, said)) in zip(np.atleast_1d(axes), rows.items(), strict=True):
            _free_run(ax, truth, said, taught)
            ax.set_title(title)
        ax.set_xlabel("step")
    figure.alt = f"For {taught} steps each forecast reads true values, then its own. " + "; ".join(
        f"{title}: over the last 16 steps it spans {np.ptp(said[-16:]):.2f}"
        for title, (_, said) in rows.items()
    )
    return figure


def _free_run(ax, truth, said, taught):
    ax.plot(truth, color=FAINT, lw=4)
    ax.plot(said, color=FORGET, lw=1.7)
    ax.axvline(taught, color="#111111", lw=1.2, ls=(0, (3, 3)))
    ax.set(ylim=(-2.8, 2.8), yticks=(-2, 0, 2))


def three_faults():
    """Three pictures of models that do not work, A to C, to be named."""
    rng = np.random.default_rng(3)
    batch = recall_problem(20, 120, rng=rng)
    model = Model(init_lstm(2, 4, rng=rng), init_readout(4, 1, rng=rng))
    short = Training(model, loss_at_end, lambda _: batch, Adam(0.02), rng=rng)
    list(short.steps(15))
    said, wanted = answers(short.params, batch)[:, 0], batch.targets[:, 0]
    walk = np.cumsum(rng.normal(size=41)) / 3
    teacher = teach_series(sines(40, 8, rng=rng), init_lstm(1, 8, rng=rng), steps=8, rng=rng)
    wave = sines(81, 1, rng=np.random.default_rng(1))[:, 0]
    run = forecast_run(wave[:-1], teacher, 40)
    with matplotlib.rc_context(RC):
        figure = picture(940, 300)
        a, b, c = figure.subplots(1, 3, width_ratios=(3, 4, 4))
        a.plot([-1, 1], [-1, 1], color=FAINT, lw=3)
        a.plot(wanted, said, ".", color=CELL_LINE)
        a.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), xlabel="wanted", ylabel="answered")
        b.plot(walk[1:], color=FAINT, lw=4)
        b.plot(walk[:-1], color=FORGET, lw=1.8)
        _free_run(c, wave[1:], run, 40)
        for ax, letter in zip((a, b, c), "ABC", strict=True):
            ax.set_title(letter)
        for ax in (b, c):
            ax.set_xlabel("step")
        b.text(0.02, 0.02, "thick: true, thin: forecast", transform=b.transAxes, fontsize=10)
    figure.alt = (
        "Three pictures. A: answers against wanted numbers; the dots lie along a level line. "
        "B: a series and its forecast, which has the same shape one step to the right. "
        "C: a sine and its forecast, which follows up to a dashed line and then becomes level."
    )
    return figure
