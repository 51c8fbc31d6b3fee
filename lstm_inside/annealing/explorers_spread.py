"""What a reader moves in notebook 06: many walkers at one temperature, and where they stand."""

from functools import lru_cache

import matplotlib
import numpy as np

from lstm_inside.annealing.figures import SEARCHES, loss_on_cut
from lstm_inside.annealing.landscape import HIGH, LOW, descent_path
from lstm_inside.annealing.search import anneal_many
from lstm_inside.page import Explorer, choice, whole
from lstm_inside.page.artists import Words
from lstm_inside.page.style import RC, picture
from lstm_inside.words import say

WALKERS, STEPS, STEP = 600, 500, 0.3
EVERY = 10  # candidates from one kept moment to the next
HEATS = (0.03, 0.1, 0.25, 0.5, 1.0)
MOST = 30  # % of the walkers that a bar shows
EDGES = np.linspace(LOW[0], HIGH[0], 31)


@lru_cache(maxsize=1)
def spreads():
    """Where walkers from the bottom of the wrong valley stand: (len(HEATS), C + 1, WALKERS).

    On the cut b = 0, at each of HEATS, at the start and after every EVERY of STEPS candidates.
    """
    heats = np.tile(np.repeat(HEATS, WALKERS), (STEPS, 1))
    bottom = np.full((heats.shape[1], 1), descent_path()[-1, 0])
    grid = np.linspace(LOW[0], HIGH[0], 2401)
    heights = loss_on_cut(grid[:, None])  # looked up: ten times as fast

    def loss(places):
        return np.interp(places[:, 0], grid, heights, left=1e3, right=1e3)

    rng = np.random.default_rng(5)
    places = anneal_many(loss, bottom, heats, step=STEP, rng=rng)[0][::EVERY, :, 0]
    return np.moveaxis(places.reshape(-1, len(HEATS), WALKERS), 1, 0)


def spread_by_formula(T):
    """exp(-L / T) along the cut in % of all, in 20 parts of each of 30 bins: w, % a bin (600,)."""
    w = np.linspace(LOW[0], HIGH[0], 601)
    w = (w[1:] + w[:-1]) / 2
    height = loss_on_cut(w[:, None])
    weight = np.exp(-(height - height.min()) / T)
    return w, 100 * 20 * weight / weight.sum()


def spread_explorer() -> Explorer:
    """600 walkers at one temperature fill the curve exp(-L / T), soon or late (6.3)."""
    places, times = spreads(), np.arange(0, STEPS + 1, EVERY)
    left = 100 * (places < 0).mean(axis=2)  # (heats, times)
    counted = np.array([
        [np.histogram(each, EDGES)[0] for each in by_time] for by_time in places
    ]) * (100 / WALKERS)  # fmt: skip
    with matplotlib.rc_context(RC):
        figure = picture(900, 340)
        bars_ax, share = figure.subplots(1, 2, width_ratios=(3, 2))
        bars_ax.set(
            xlim=(LOW[0], HIGH[0]), ylim=(0, MOST), xlabel=say("recurrent weight w, at b = 0")
        )
        bars_ax.set(ylabel=say("% of the walkers"))
        bars_ax.set_title(say("Bars: where they stand; line: by (6.3)"))
        (bars,) = bars_ax.plot([], [], color=SEARCHES["fixed"], lw=2.2)
        (curve,) = bars_ax.plot([], [], color="#111111", lw=1.8)
        setting = Words(bars_ax, -2.9, 0.93 * MOST, ha="left", fontsize=12)
        share.set(xlim=(0, 1.02 * STEPS), ylim=(-2, 104), yticks=(0, 50, 100))
        share.set(xlabel=say("candidates so far"), ylabel=say("% left of w = 0"))
        share.set_title(say("Line: counted; dashes: by (6.3)"))
        (course,) = share.plot([], [], color=SEARCHES["fixed"], lw=2.5)
        (goal,) = share.plot([], [], color="#111111", lw=1.6, ls="--")

    def update(T, t):
        k, n = HEATS.index(T), t // EVERY
        heights = np.repeat(np.minimum(counted[k, n], MOST), 2)
        bars.set_data(np.repeat(EDGES, 2), np.concatenate([[0], heights, [0]]))
        w, percent = spread_by_formula(T)
        curve.set_data(w, np.minimum(percent, MOST))
        formula = percent[w < 0].sum() / 20
        course.set_data(times[: n + 1], left[k, : n + 1])
        goal.set_data([0, STEPS], [formula, formula])
        setting.set_text(say("T = {T:g}, after {t} candidates", T=T, t=t))
        return {"T": T, "t": t, "left": left[k, n], "formula": formula, "counted": counted[k, n]}

    return Explorer(
        "anneal_spread",
        figure=figure,
        controls={
            "T": choice("temperature T", HEATS, 0.25),
            "t": whole("candidates so far: t", 0, STEPS, STEPS, step=EVERY, quantity="x"),
        },
        moving=[bars, curve, setting, course, goal],
        update=update,
        describe=lambda v: say(
            "At T = {T:g}, after {t} candidates, {left:.1f} % of the walkers stand left of w = 0; "
            "(6.3) says {formula:.1f} %.",
            **{key: v[key] for key in ("T", "t", "left", "formula")},
        ),
        play="t",
        presets={
            "at the start": {"t": 0},
            "cold": {"T": 0.03, "t": STEPS},
            "between": {"T": 0.1, "t": STEPS},
            "hot": {"T": 0.5, "t": STEPS},
        },
    )  # fmt: skip
