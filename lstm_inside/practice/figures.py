"""The still pictures of notebook 10: answers step by step, sizes, free runs, six models to name."""

import matplotlib
import numpy as np

from lstm_core import init_lstm
from lstm_inside.page import picture
from lstm_inside.page.style import CELL_LINE, FAINT, FORGET, HIDDEN_LINE, RC
from lstm_inside.practice.diagnose import (
    activated_forward,
    first_infinite,
    forecast_run,
    teach_series,
)
from lstm_inside.tasks import recall_problem
from lstm_inside.training import Adam, Model, Training, answers, init_readout, loss_at_end
from lstm_inside.words import say

NAMES = (  # of `six_models`
    "constant",
    "dies when fed with itself",
    "echo",
    "healthy",
    "infinite",
    "overfitting",
)
_PERIOD, _KEEP = 16, 0.95  # of the pendulums: steps a swing, and what is left of it a step later


def sines(T, B, *, rng):
    """B sines of period 16 from places of their own: (T, B)."""
    phase = rng.uniform(0, 2 * np.pi, B)
    return np.sin(2 * np.pi * np.arange(T)[:, None] / 16 + phase)


def shaken_sines(T, B, *, rng):
    """B pendulums of period 16 that chance pushes at every step, to deviation 1: (T, B).

    Unpushed, a swing loses a twentieth of its height a step.
    """
    before = 60  # steps to forget where it started
    x, push = np.zeros((T + before, B)), rng.normal(size=(T + before, B))
    for t in range(2, len(x)):
        x[t] = _swing(x[t - 1], x[t - 2]) + push[t]
    return x[before:] / x[before:].std()


def unpushed(past, n):
    """Shaken pendulums (T, B) or one (T,), n steps on, if nobody pushes: (n, B) or (n,).

    It knows all but the pushes, so on average over them no forecast is better.
    """
    x = list(past[-2:])
    for _ in range(n):
        x.append(_swing(x[-1], x[-2]))
    return np.array(x[2:])


def _swing(last, before):
    return 2 * _KEEP * np.cos(2 * np.pi / _PERIOD) * last - _KEEP**2 * before


def errors_by_step(errors, constant):
    """How wrong a model's answer is at each step, on a log axis: a line for every start.

    errors: dict name -> (starts, T), mean squared errors; constant: that of always saying 0.
    """
    with matplotlib.rc_context(RC):
        figure = picture(820, 320)
        ax = figure.subplots()
        ax.axhline(constant, color="#777777", lw=1.5, ls=(0, (3, 3)))
        for (name, starts), colour in zip(errors.items(), (HIDDEN_LINE, FORGET), strict=True):
            starts = np.asarray(starts)
            steps = np.arange(1, starts.shape[1] + 1)
            ax.plot(steps, starts.T, "o-", color=colour, lw=1.8, ms=4)
            ax.text(
                steps[-1] + 0.3,
                starts[:, -1].mean(),
                name,
                color=colour,
                weight="bold",
                va="center",
            )
        ax.text(steps[-1] + 0.3, 0.9 * constant, say("always saying 0"), color="#555555", va="top")
        ax.set(yscale="log", xlim=(0.7, 1.4 * steps[-1]), xticks=steps, xlabel=say("step"))
        ax.set_title(say("How wrong the answer is (mean squared error)"))
    figure.alt = say(
        "Mean squared error of the answer, step by step. {each}. Always saying 0: {constant:.2f}.",
        each=say("; ").join(
            say(
                "{name}: at step 1 up to {first:.3f}, at step {T} up to {last:.4f}",
                name=name, first=np.max(starts, axis=0)[0], T=steps[-1],
                last=np.max(starts, axis=0)[-1],
            )
            for name, starts in errors.items()
        ),
        constant=constant,
    )  # fmt: skip
    return figure


def size_dots(by_size, every, levels, first=3):
    """Left one training; right the lowest validation loss of every start, over the size.

    by_size: dict H -> losses (seeds, points, 2), training and validation. every: steps from point
    to point. levels: dict word -> loss to compare with, drawn dashed. first: how many starts are
    drawn dark, as the ones that one might have tried. Each mean has its standard error beside it.
    """
    sizes = sorted(by_size)
    one = np.asarray(by_size[sizes[-1]])[0]
    with matplotlib.rc_context(RC):
        figure = picture(920, 340)
        curve, dots = figure.subplots(1, 2, sharey=True, width_ratios=(2, 3))
        _two_losses(curve, every * np.arange(1, len(one) + 1), one)
        lowest = one[:, 1].argmin()
        curve.plot(every * (lowest + 1), one[lowest, 1], "o", color=FORGET, ms=9)
        curve.set(ylim=(0, 0.9), ylabel=say("mean squared error"))
        curve.set_title(say("One training, H = {sizes}", sizes=sizes[-1]))
        for word, level in levels.items():
            for ax in (curve, dots):
                ax.axhline(level, color="#777777", lw=1.5, ls=(0, (3, 3)), zorder=0)
            dots.text(len(sizes) - 0.56, level - 0.015, word, color="#555555", ha="right", va="top")
        for n, H in enumerate(sizes):
            best = np.asarray(by_size[H])[..., 1].min(axis=1)
            places = n + np.linspace(-0.22, 0.22, len(best))
            dots.plot(places[first:], best[first:], "o", color=FORGET, alpha=0.55, ms=8)
            dots.plot(places[:first], best[:first], "o", color="#111111", ms=8)
            dots.plot([n - 0.3, n + 0.3], [best.mean()] * 2, color=FORGET, lw=3)
            spread = best.std(ddof=1) / len(best) ** 0.5
            dots.errorbar(n + 0.33, best.mean(), spread, color=FORGET, lw=2.4, capsize=5)
        dots.set_xticks(range(len(sizes)), [f"H = {H}" for H in sizes])
        dots.set_title(say("Lowest validation loss, a dot a start"))
        dots.text(
            1.55,
            0.80,
            say("black: the first {first} starts", first=first),
            color="#111111",
            weight="bold",
        )
        dots.text(
            1.55, 0.72, say("line: mean of all, ± standard error"), color=FORGET, weight="bold"
        )
    figure.alt = say(
        "Left: with {sizes} units the training loss falls to zero; the validation loss "
        "falls, reaches a lowest point, marked by a dot, and rises. Dashed: {levels}. Right: "
        "the lowest validation losses of {starts} starts for {units} units.{each}",
        sizes=sizes[-1],
        levels=say(", ").join(
            say("{word} {level:.2f}", word=word, level=level) for word, level in levels.items()
        ),
        starts=len(by_size[sizes[0]]),
        units=", ".join(map(str, sizes)),
        each="".join(
            say(
                " H = {H}: mean {mean:.2f}, from {min:.2f} to {max:.2f}.",
                H=H,
                mean=best.mean(),
                min=best.min(),
                max=best.max(),
            )
            for H, best in ((H, np.asarray(by_size[H])[..., 1].min(axis=1)) for H in sizes)
        ),
    )
    return figure


def _two_losses(ax, t, losses):
    """Training and validation loss (points, 2) over the training steps, labelled."""
    for column, colour in ((0, HIDDEN_LINE), (1, FORGET)):
        ax.plot(t, losses[:, column], color=colour, lw=2.2)
    ax.set_xlabel(say("training step"))
    for y, word, colour in (
        (0.93, say("validation"), FORGET),
        (0.84, say("training"), HIDDEN_LINE),
    ):
        ax.text(0.97, y, word, color=colour, weight="bold", ha="right", transform=ax.transAxes)


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
        ax.set_xlabel(say("step"))
        first = np.atleast_1d(axes)[0]
        first.text(1, 2.1, say("thick: true, thin: forecast"))
        first.text(taught + 1, 2.1, say("from here on it reads itself"), weight="bold")
    figure.alt = say(
        "For {taught} steps each forecast reads true values, then its own. {each}",
        taught=taught,
        each=say("; ").join(
            say(
                "{title}: over the last 16 steps it spans {said:.2f}",
                title=title,
                said=np.ptp(said[-16:]),
            )
            for title, (_, said) in rows.items()
        ),
    )
    return figure


def _free_run(ax, truth, said, taught):
    ax.plot(truth, color=FAINT, lw=4)
    ax.plot(said, color=FORGET, lw=1.7)
    ax.axvline(taught, color="#111111", lw=1.2, ls=(0, (3, 3)))
    ax.set(ylim=(-3.5, 3.5), yticks=(-2, 0, 2))


def six_models():
    """Six pictures, A to F, to be named: five models that do not work, and one that does."""
    with matplotlib.rc_context(RC):
        figure = picture(940, 560)
        axes = figure.subplots(2, 3)
        drawings = (
            _draw_echo,
            _draw_overfitting,
            _draw_constant,
            _draw_healthy,
            _draw_infinite,
            _draw_flat,
        )
        for ax, letter, draw in zip(axes.flat, "ABCDEF", drawings, strict=True):
            draw(ax)
            ax.set_title(letter)
    figure.alt = say(
        "Six pictures. A: a swinging series and its forecast, which has the same shape one step to "
        "the right. B: the training loss falls to zero, the validation loss falls and rises. C: "
        "answers against wanted numbers; the dots lie along a level line. D: training and "
        "validation loss fall together and stay together above zero. E: the largest cell on a log "
        "axis; the line rises steeply and ends. F: a wave and its forecast, which follows up to a "
        "dashed line and dies away after it."
    )
    return figure


def _draw_echo(ax):
    """A noisy rhythm, forecast by its last value: eight earlier values would say more."""
    rng = np.random.default_rng(3)
    series = np.sin(2 * np.pi * np.arange(41) / 12) + 0.15 * rng.normal(size=41)
    ax.plot(series[1:], color=FAINT, lw=4)
    ax.plot(series[:-1], color=FORGET, lw=1.8)
    ax.set(xlabel=say("step"), ylim=(-1.9, 1.9))
    ax.text(0.02, 0.02, say("thick: true, thin: forecast"), transform=ax.transAxes)


def _noisy(N, rng):
    """Recall over eight steps whose wanted answers carry noise of deviation 0.4."""
    batch = recall_problem(8, N, rng=rng)
    return batch._replace(targets=batch.targets + 0.4 * rng.normal(size=batch.targets.shape))


def _learn_noisy(ax, H, fresh):
    """The two losses of a training on 40 sequences, or on fresh ones at every step."""
    rng = np.random.default_rng(1)
    seen, unseen = _noisy(400 if fresh else 40, rng), _noisy(400, rng)
    run = Training(
        Model(init_lstm(2, H, rng=rng), init_readout(H, 1, rng=rng)), loss_at_end,
        lambda r: _noisy(40, r) if fresh else seen, Adam(0.03), rng=rng, clip=1.0,
    )  # fmt: skip
    losses = []
    for _ in range(12):
        list(run.steps(15))
        losses.append([loss_at_end(run.params, data)[0] for data in (seen, unseen)])
    _two_losses(ax, 15 * np.arange(1, 13), np.array(losses))
    ax.set(ylim=(0, 0.95))
    ax.axhline(0.16, color=FAINT, lw=1.5, ls=(0, (3, 3)))
    ax.text(180, 0.08 if fresh else 0.175, say("noise"), color="#777777", ha="right", va="bottom")


def _draw_overfitting(ax):
    _learn_noisy(ax, 8, fresh=False)


def _draw_healthy(ax):
    _learn_noisy(ax, 4, fresh=True)


def _draw_constant(ax):
    rng = np.random.default_rng(3)
    batch = recall_problem(20, 120, rng=rng)
    model = Model(init_lstm(2, 4, rng=rng), init_readout(4, 1, rng=rng))
    short = Training(model, loss_at_end, lambda _: batch, Adam(0.02), rng=rng)
    list(short.steps(15))
    ax.plot([-1, 1], [-1, 1], color=FAINT, lw=3)
    ax.plot(batch.targets[:, 0], answers(short.params, batch)[:, 0], ".", color=CELL_LINE)
    ax.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), xlabel=say("wanted"), ylabel=say("answered"))


def _draw_infinite(ax):
    params = init_lstm(1, 8, rng=np.random.default_rng(1), dtype=np.float32)
    loud = params._replace(W_h=np.float32(7) * params.W_h)
    cells, _ = activated_forward(np.ones((120, 1, 1), np.float32), loud, "ReLU")
    size = np.abs(cells[: first_infinite(cells), 0]).max(axis=1)
    ax.plot(1 + np.arange(len(size)), size, color=CELL_LINE, lw=2.4)
    ax.set(
        yscale="log",
        xlim=(0, 121),
        ylim=(1e-3, 1e45),
        xlabel=say("step"),
        ylabel=say("largest cell"),
    )
    ax.set_yticks([1, 1e10, 1e20, 1e30, 1e40])
    ax.minorticks_off()


def _draw_flat(ax):
    rng = np.random.default_rng(2)
    teacher = teach_series(sines(40, 8, rng=rng), init_lstm(1, 8, rng=rng), steps=25, rng=rng)
    wave = sines(121, 1, rng=np.random.default_rng(7))[:, 0]
    _free_run(ax, wave[1:], forecast_run(wave[:-1], teacher, 40), 40)
    ax.set(ylim=(-1.9, 1.9), yticks=(-1, 0, 1), xlabel=say("step"))
    ax.text(42, 1.62, say("from here on it reads itself"), fontsize=11)
