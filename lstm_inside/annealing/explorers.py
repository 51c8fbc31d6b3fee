"""The views of notebook 06: a walk on a loss one can see, the acceptance rule, a small LSTM."""

from functools import lru_cache
from typing import NamedTuple

import matplotlib
import numpy as np

from lstm_core import (
    LSTMParams,
    RNNParams,
    init_lstm,
    lstm_backward,
    lstm_forward,
    rnn_backward,
    rnn_forward,
    sigmoid,
)
from lstm_inside.annealing.search import (
    GRADIENT_COST,
    acceptance,
    anneal_many,
    descend,
    geometric_cooling,
    side_by_side,
    two_class_loss,
)
from lstm_inside.page import Explorer, Pixels, slider, whole
from lstm_inside.page.style import (
    CELL_LINE,
    FAINT,
    FORGET,
    GRADIENT,
    INPUT,
    OUTPUT,
    RC,
    SIZE,
    picture,
)
from lstm_inside.tasks import Sequences, two_sequence_problem
from lstm_inside.training import Adam, Model, ReadoutParams, init_readout

# ---------------------------------------------------------------- a loss with two valleys

_LONG, _STARTS = 10, np.array([[0.5], [-0.5]])  # steps; the states to be held
_WISH, _EVEN = 0.8, 0.75  # what to answer with the start's sign; how many lengths are even
LOW, HIGH = np.array([-3.0, -1.5]), np.array([3.0, 1.5])  # the corners of the map (w, b)
HERE = np.array([-1.8, 0.6])  # where every walk sets out: the slope of the wrong valley


def valley_loss(places):
    """Loss (K,) of K one-unit RNNs (w, b), rows of (K, 2): hold the sign of the start.

    The answer 0.8 with the sign of h_0 is due after 10 steps in three quarters of the cases,
    after 9 in one quarter. Keeping the sign (w > 1) is right for both, turning it at every
    step (w < -1) for the even length only: two valleys, one of them too high.
    """
    w, b = places.T
    h = np.repeat(_STARTS, len(w), axis=1)
    for _ in range(_LONG):  # one unit needs no matrix: 5 times as fast as `rnn_forward`
        before, h = h, np.tanh(w * h + b)
    wish = _WISH * np.sign(_STARTS)
    return (_EVEN * (h - wish) ** 2 + (1 - _EVEN) * (before - wish) ** 2).sum(axis=0) / 2


def valley_gradient(places):
    """Gradient (K, 2) of `valley_loss` by (w, b), from the real backward pass."""
    w, b = places.T
    params = RNNParams(np.zeros((1, len(w))), np.diag(w), b.copy())
    starts = np.repeat(_STARTS, len(w), axis=1)
    trace = rnn_forward(np.zeros((_LONG, 2, 1)), params, starts)
    wish = _WISH * np.sign(_STARTS)
    dhs = np.zeros((_LONG, 2, len(places)))
    dhs[-1] = _EVEN * (trace.h[_LONG] - wish)  # 2 / 2: a square's slope, a mean of two
    dhs[-2] = (1 - _EVEN) * (trace.h[_LONG - 1] - wish)
    grads = rnn_backward(dhs, trace, params).params
    return np.stack([np.diag(grads.W_h), grads.b], axis=1)


def valley_map(columns=121, rows=61):
    """The loss over the whole map, (rows, columns), b upwards and w to the right."""
    ws, bs = (np.linspace(a, b, n) for a, b, n in zip(LOW, HIGH, (columns, rows), strict=True))
    return np.array([valley_loss(np.stack([ws, np.full(columns, b)], axis=1)) for b in bs])


def _inside(loss):
    """The loss with a wall around the map: a candidate outside is never taken."""

    def walled(places):
        inside = np.clip(places, LOW, HIGH)
        return np.where((inside == places).all(axis=1), loss(inside), 1e3)

    return walled


def _draw_map(ax):
    ground = Pixels.on(ax, np.sqrt(valley_map()), cmap=SIZE.reversed(), vmin=-0.5, vmax=1.3)
    ground.set_extent((LOW[0], HIGH[0], LOW[1], HIGH[1]))
    ax.set(xlim=(LOW[0], HIGH[0]), ylim=(LOW[1], HIGH[1]), aspect="auto")
    ax.set(xlabel="recurrent weight w", ylabel="bias b")


def _rival_curves(count):
    """Best-so-far of descent and the median of 16 guessers at equal evaluations, (count + 1,)."""
    place, least, descent = HERE[None], np.inf, []
    for _ in range(count // GRADIENT_COST + 1):
        least = min(least, float(valley_loss(place)[0]))
        descent += [least] * GRADIENT_COST
        place = np.clip(place - 0.2 * valley_gradient(place), LOW, HIGH)
    rng = np.random.default_rng(63)
    drawn = rng.uniform(LOW, HIGH, (count + 1, 16, 2))
    guesses = np.minimum.accumulate([valley_loss(row) for row in drawn], axis=0)
    return np.array(descent)[: count + 1], np.median(guesses, axis=1)


def walk_explorer(count=100, walks=16) -> Explorer:
    """Sixteen annealing walks out of the wrong valley of a one-unit RNN's loss (6.1)-(6.3)."""
    time = np.arange(count + 1)
    descent, guessing = _rival_curves(count)
    with matplotlib.rc_context(RC):
        figure = picture(900, 520)
        ax = figure.subplot_mosaic([["map", "best"], ["map", "rate"]], width_ratios=(3, 2))
        _draw_map(ax["map"])
        ax["map"].set_title("One walk and where 15 others stand (dark is low)")
        ax["best"].set(xlim=(0, count), ylim=(1e-5, 2), yscale="log")
        ax["best"].set_title("Best loss so far")
        ax["best"].plot(time, np.maximum(descent, 1e-4), color=OUTPUT, ls="--")
        ax["best"].plot(time, np.maximum(guessing, 1e-4), color=INPUT, ls=":")
        for y, words, colour in (
            (0.24, "descent (dashed)", OUTPUT),
            (0.14, "guessing, median of 16 (dotted)", INPUT),
            (0.04, "annealing, median of 16", FORGET),
        ):
            ax["best"].text(0.03, y, words, color=colour, transform=ax["best"].transAxes,
                            fontsize=10.5)  # fmt: skip
        ax["rate"].set(xlim=(0, count), ylim=(-0.03, 1.05), xlabel="evaluations of the loss")
        ax["rate"].set_title("Share of candidates taken")
        (path,) = ax["map"].plot([], [], color=FORGET, lw=1.2)
        (others,) = ax["map"].plot([], [], "o", color=CELL_LINE, ms=5)
        (here,) = ax["map"].plot([], [], "o", color=FORGET, ms=10)
        (best,) = ax["best"].plot([], [], color=FORGET)
        (rate,) = ax["rate"].plot([], [], color=GRADIENT)
        cursors = [
            ax[k].axvline(0, color="#111111", lw=1.1, ls=(0, (3, 2))) for k in ("best", "rate")
        ]

    @lru_cache(maxsize=4)  # moving the time slider shows the same walks again
    def walked(start, step, cooling, again):
        temperatures = np.repeat(geometric_cooling(start, cooling, count)[:, None], walks, axis=1)
        return anneal_many(
            _inside(valley_loss), np.tile(HERE, (walks, 1)), temperatures, step=step,
            rng=np.random.default_rng(again),
        )  # fmt: skip

    def update(start, step, cooling, again, t):
        places, losses, taken = walked(start, step, cooling, again)
        path.set_data(*places[: t + 1, 0].T)
        here.set_data(*places[t : t + 1, 0].T)
        others.set_data(*places[t, 1:].T)
        median = np.median(np.minimum.accumulate(losses, axis=0), axis=1)
        best.set_data(time, np.clip(median, 1e-4, 2))
        total = np.concatenate([[0], np.cumsum(taken[1:].mean(axis=1))])
        first = np.maximum(time[1:] - 10, 0)
        rate.set_data(time[1:], (total[1:] - total[first]) / (time[1:] - first))
        for cursor in cursors:
            cursor.set_xdata([t, t])
        return {
            "t": t, "places": places, "losses": losses, "best": median, "descent": descent,
            "guessing": guessing, "temperature": start * cooling ** max(t - 1, 0),
            "across": int((places[t, :, 0] > 0).sum()), "taken": taken[1:].mean(),
        }  # fmt: skip

    def describe(v):
        return (
            f"After {v['t']} candidates T = {v['temperature']:.3g} and {v['across']} of {walks} "
            f"walks stand in the right half. Median best loss at the end: annealing "
            f"{in_words(v['best'][-1])}, guessing {in_words(guessing[-1])}, descent "
            f"{in_words(descent[-1])}."
        )

    return Explorer(
        "anneal_walk",
        figure=figure,
        controls={
            "start": slider("start temperature", 0, 2, 0.02, 0.5, quantity="f"),
            "step": slider("step size", 0.05, 1.5, 0.05, 1.2, quantity="x"),
            "cooling": slider("cooling: T × this", 0.9, 1, 0.005, 0.985, digits=3),
            "again": whole("another draw", 1, 20, 1, quantity="x"),
            "t": whole("candidates seen: t", 0, count, count, quantity="x"),
        },
        moving=[path, others, here, best, rate, *cursors],
        update=update,
        describe=describe,
        play="t",
    )


# ---------------------------------------------------------------- the acceptance rule


def acceptance_explorer(proposals=150) -> Explorer:
    """exp(-change / T) against the change, with real candidates from the wrong valley (6.2)."""
    change_axis = np.linspace(-0.5, 1.5, 201)
    place = HERE[None]
    for _ in range(300):
        place = place - 0.1 * valley_gradient(place)
    floor = float(valley_loss(place)[0])
    with matplotlib.rc_context(RC):
        figure = picture(900, 370)
        rule, ground = figure.subplots(1, 2)
        rule.set(xlim=(-0.5, 1.5), ylim=(-0.04, 1.08), xlabel="change of the loss")
        rule.set_title("Chance of being taken")
        rule.axvline(0, color=FAINT, lw=1)
        _draw_map(ground)
        ground.set_title("Candidates from the wrong valley's bottom")
        (cross,) = ground.plot(*place.T, "+", color="#111111", ms=18, mew=2.5, zorder=5)
        (curve,) = rule.plot([], [], color=GRADIENT)
        (yes,) = rule.plot([], [], "o", color=OUTPUT, ms=4.5)
        (no,) = rule.plot([], [], "o", color=FORGET, ms=4.5)
        (yes_place,) = ground.plot([], [], "o", color=OUTPUT, ms=4.5)
        (no_place,) = ground.plot([], [], "o", color=FORGET, ms=4.5)
        for x, words, colour in ((0.6, "taken", OUTPUT), (0.76, "refused", FORGET)):
            rule.text(x, 0.9, words, color=colour, weight="bold", transform=rule.transAxes)

    def update(T, step, again):
        rng = np.random.default_rng(again)
        noise, luck = rng.standard_normal((proposals, 2)), rng.random(proposals)
        candidates = np.clip(place + step * noise, LOW, HIGH)
        change = valley_loss(candidates) - floor
        chance = acceptance(change, T)
        taken = luck < chance
        curve.set_data(change_axis, acceptance(change_axis, T))
        for dots, spots, which in ((yes, yes_place, taken), (no, no_place, ~taken)):
            dots.set_data(np.clip(change[which], -0.5, 1.5), chance[which])
            spots.set_data(*candidates[which].T)
        return {"T": T, "change": change, "taken": taken, "chance": chance, "floor": floor}

    def describe(v):
        worse = v["change"] > 0
        return (
            f"T = {v['T']:.2f}: {v['taken'].sum()} of {proposals} candidates are taken, "
            f"{v['chance'].sum():.0f} were to be expected; {worse.sum()} of them are worse."
        )

    return Explorer(
        "acceptance",
        figure=figure,
        controls={
            "T": slider("temperature T", 0, 2, 0.02, 0.2, quantity="f"),
            "step": slider("step size", 0.05, 1.5, 0.05, 0.5, quantity="x"),
            "again": whole("another draw", 1, 20, 1, quantity="x"),
        },
        moving=[curve, yes, no, yes_place, no_place, cross],  # the cross last: above the dots
        update=update,
        describe=describe,
    )


# ---------------------------------------------------------------- a small LSTM

UNITS = 2
TEMPERATURES, STEPS, COOLINGS = (0.0, 0.01, 0.05, 0.3), (0.1, 0.3, 1.0, 3.0), (0.98, 0.995, 1.0)


def unpack(rows, H=UNITS):
    """Rows of weights (K, P) as an LSTM (D = 1) with a leading axis K, W_y (K, H), b_y (K,)."""
    K, sizes = len(rows), np.cumsum([4 * H, 4 * H * H, 4 * H, H])
    W_x, W_h, b, W_y, b_y = np.split(rows, sizes, axis=1)
    cells = LSTMParams(W_x.reshape(K, 1, 4 * H), W_h.reshape(K, H, 4 * H), b)
    return cells, W_y, b_y[:, 0]


def pack(model):
    """The weights of a `Model` with one input and one answer as one row (1, P)."""
    return np.concatenate([a.ravel() for part in model for a in part])[None]


def lstm_losses(rows, batch, H=UNITS):
    """Two-class loss (6.5) of K small LSTMs, all in one forward pass: (K, P) -> (K,)."""
    cells, W_y, b_y = unpack(rows, H)
    h = lstm_forward(batch.xs, side_by_side(cells)).h
    ends = h[batch.last + 1, np.arange(len(batch.last))].reshape(len(batch.last), -1, H)
    share = sigmoid((ends * W_y).sum(axis=2) + b_y)
    return ((share - batch.targets) ** 2).mean(axis=0)


GRID = np.array([(T, s, c) for T in TEMPERATURES for s in STEPS for c in COOLINGS])


class SmallSearches(NamedTuple):
    """48 annealings of a small LSTM, one for each row of GRID, and their two rivals.

    batch: the 2-sequence problem they share. places (N + 1, 48, P), losses (N + 1, 48): where
    each walk stood. guessing, descent (N + 1,): the best so far, guessing's a median of 8.
    """

    batch: Sequences
    places: np.ndarray
    losses: np.ndarray
    guessing: np.ndarray
    descent: np.ndarray


def small_searches(seed, count=200) -> SmallSearches:
    """Anneal an LSTM of two units from one start at every setting of GRID (6.1)-(6.3)."""
    rng = np.random.default_rng(seed)
    batch = two_sequence_problem(15, 16, rng=rng)
    start = pack(Model(init_lstm(1, UNITS, rng=rng), init_readout(UNITS, 1, rng=rng)))
    temperatures = np.stack([geometric_cooling(T, c, count) for T, _, c in GRID], axis=1)
    places, losses, _ = anneal_many(
        lambda rows: lstm_losses(rows, batch), np.repeat(start, len(GRID), axis=0), temperatures,
        step=GRID[:, 1:2], rng=rng,
    )  # fmt: skip
    guesses = np.array([lstm_losses(r, batch) for r in rng.uniform(-10, 10, (count + 1, 8, 35))])
    guessing = np.median(np.minimum.accumulate(guesses, axis=0), axis=1)
    return SmallSearches(batch, places, losses, guessing, _descent_curve(start, batch, count))


def lstm_anneal_explorer(count=200, seed=0) -> Explorer:
    """The weights of a small LSTM annealed on the 2-sequence problem, and its gates after."""
    batch, places, losses, guessing, descent = small_searches(seed, count)
    time, one = np.arange(count + 1), int(np.flatnonzero(batch.targets[:, 0])[0])
    steps = np.arange(1, len(batch.xs) + 1)
    with matplotlib.rc_context(RC):
        figure = picture(900, 560)
        ax = figure.subplot_mosaic(
            [["loss", "gates"], ["loss", "cell"], ["loss", "flow"]], width_ratios=(4, 3)
        )
        ax["loss"].set(xlim=(0, count), ylim=(1e-6, 30), yscale="log")
        ax["loss"].set_xlabel("evaluations (a gradient counts as 3)")
        ax["loss"].set_title("Best loss so far")
        ax["loss"].plot(time, np.maximum(descent, 1e-6), color=OUTPUT, ls="--")
        ax["loss"].plot(time, np.maximum(guessing, 1e-6), color=INPUT, ls=":")
        for y, words, colour in (
            (0.95, "descent, Adam (dashed)", OUTPUT),
            (0.9, "guessing, median of 8 (dotted)", INPUT),
            (0.85, "annealing: best (thick), where it stands (thin)", FORGET),
        ):
            ax["loss"].text(0.03, y, words, color=colour, transform=ax["loss"].transAxes,
                            fontsize=10.5)  # fmt: skip
        ax["gates"].set(xlim=(1, steps[-1]), ylim=(-0.05, 1.05))
        ax["gates"].set_title("Unit 0: forget (orange), input (blue)")
        ax["cell"].set(xlim=(0, steps[-1]), ylim=(-8, 8))
        ax["cell"].set_title("Its cell: a class-1 sequence")
        ax["flow"].set(xlim=(0, steps[-1]), yscale="log", ylim=(1e-7, 3), xlabel="step t")
        ax["flow"].set_title("|dy/dc| at every step")
        (best,) = ax["loss"].plot([], [], color=FORGET, lw=3)
        (stands,) = ax["loss"].plot([], [], color=FORGET, lw=1, alpha=0.7)
        (forget,) = ax["gates"].plot([], [], color=FORGET)
        (write,) = ax["gates"].plot([], [], color=INPUT)
        (cell,) = ax["cell"].plot([], [], color=CELL_LINE)
        (flow,) = ax["flow"].plot([], [], color=GRADIENT)
        cursor = ax["loss"].axvline(0, color="#111111", lw=1.1, ls=(0, (3, 2)))

    def update(T, step, cooling, t):
        k = (T * len(STEPS) + step) * len(COOLINGS) + cooling
        lowest = np.minimum.accumulate(losses[:, k])
        best.set_data(time, np.clip(lowest, 1e-6, 1.2))
        stands.set_data(time, np.clip(losses[:, k], 1e-6, 1.2))
        cells, W_y, _ = unpack(places[t, k : k + 1])
        params = LSTMParams(*(array[0] for array in cells))
        trace = lstm_forward(batch.xs[: batch.last[one] + 1, one : one + 1], params)
        dhs = np.zeros_like(trace.h[1:])
        dhs[-1] = W_y
        grads = lstm_backward(dhs, trace, params)
        own = np.arange(len(trace.h))
        forget.set_data(own[1:], trace.f[:, 0, 0])
        write.set_data(own[1:], trace.i[:, 0, 0])
        cell.set_data(own, np.clip(trace.c[:, 0, 0], -8, 8))
        size = np.linalg.norm(grads.c, axis=(1, 2))
        flow.set_data(own, np.clip(size, 1e-7, 3))
        cursor.set_xdata([t, t])
        return {
            "T": GRID[k, 0], "step": GRID[k, 1], "cooling": GRID[k, 2], "t": t, "best": lowest,
            "losses": losses[:, k], "guessing": guessing, "descent": descent, "dc": size,
            "weights": places[t, k], "f": trace.f[:, 0, 0],
        }  # fmt: skip

    def describe(v):
        return (
            f"T starts at {v['T']:g}, step {v['step']:g}, cooling {v['cooling']:g}: best loss "
            f"{in_words(v['best'][-1])} after {count} evaluations; guessing "
            f"{in_words(guessing[-1])}, descent {in_words(descent[-1])}. Forget gate after "
            f"{v['t']} candidates: mean {v['f'].mean():.2f}."
        )

    return Explorer(
        "anneal_lstm",
        figure=figure,
        controls={
            "T": whole("T (0, .01, .05, .3)", 0, 3, 1, quantity="f"),
            "step": whole("step size (.1, .3, 1, 3)", 0, 3, 2, quantity="x"),
            "cooling": whole("cooling (.98, .995, 1)", 0, 2, 0, quantity="x"),
            "t": whole("candidates seen: t", 0, count, count, quantity="x"),
        },
        moving=[best, stands, forget, write, cell, flow, cursor],
        update=update,
        describe=describe,
        play="t",
    )


def _descent_curve(start, batch, count):
    """Adam's best-so-far from the same start, one entry an evaluation."""
    cells, W_y, b_y = unpack(start)
    model = Model(
        LSTMParams(*(array[0] for array in cells)), ReadoutParams(W_y.reshape(-1, 1), b_y.copy())
    )
    run = descend(lambda m: two_class_loss(m, batch), model, Adam(0.1), count // GRADIENT_COST + 1)
    return np.repeat(run.best_so_far, GRADIENT_COST)[: count + 1]


def in_words(loss):
    """A loss >= 0 as a reader can take it in: two digits, and nothing below a millionth."""
    if loss < 1e-6:
        return "below a millionth"
    return np.format_float_positional(loss, 2, fractional=False, trim="-")


# ---------------------------------------------------------------- a figure


_SEARCHES = {"annealing": FORGET, "guessing": INPUT, "descent": OUTPUT}
_DASHES = {"descent, RNN": "--", "descent, open LSTM": "-."}


def compare_searches(curves, *, title, alt, level=None, least=1e-3):
    """Best-so-far at equal evaluations: name -> (evaluations, losses), on two log axes."""
    with matplotlib.rc_context(RC):
        figure = picture(900, 340, alt)
        ax = figure.subplots()
        most = max(at[-1] for at, _ in curves.values())
        highest = max(1, *(losses[0] for _, losses in curves.values()))
        ax.set(xscale="log", yscale="log", xlim=(1, most * 5), ylim=(least, highest))
        ax.set(xlabel="evaluations of the loss (a gradient counts as 3)", ylabel="best loss so far")
        ax.set_title(title)
        if level is not None:
            ax.axhline(level, color=FAINT, lw=1.2, ls=":")
        height, colours = np.log10(least) - 0.1, _SEARCHES
        for name in sorted(curves, key=lambda name: curves[name][1][-1]):
            at, losses = curves[name]
            search = name.split(" (")[0]
            colour, dashes = colours[search.split(",")[0]], _DASHES.get(search, "-")
            ax.plot(at, np.maximum(losses, least), color=colour, ls=dashes)
            height = max(np.log10(max(losses[-1], least)), height + 0.2)
            ax.text(most * 1.1, 10**height, name, color=colour, weight="bold", va="center")
    return figure


EXPLORERS = {
    "anneal_walk": walk_explorer,
    "acceptance": acceptance_explorer,
    "anneal_lstm": lstm_anneal_explorer,
}
