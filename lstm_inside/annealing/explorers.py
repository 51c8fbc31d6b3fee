"""What a reader moves in notebook 06; round trips have a file of their own."""

from functools import lru_cache

import matplotlib
import numpy as np

from lstm_inside.annealing.explorers_tours import tour_explorer
from lstm_inside.annealing.figures import IN_WORDS, apart, draw_map
from lstm_inside.annealing.landscape import (
    HERE,
    HIGH,
    LOW,
    valley_gradient,
    valley_loss,
    walled,
)
from lstm_inside.annealing.search import (
    GRADIENT_COST,
    acceptance,
    anneal_many,
    geometric_cooling,
)
from lstm_inside.page import Challenge, Explorer, slider, whole
from lstm_inside.page.artists import Words
from lstm_inside.page.style import (
    CELL_LINE,
    FAINT,
    FORGET,
    GRADIENT,
    INPUT,
    OUTPUT,
    RC,
    picture,
)
from lstm_inside.words import say

# ---------------------------------------------------------------- a walk on a loss one can see


def _rival_curves(count):
    """Best-so-far of descent and the median of 16 guessers at equal looks, (count + 1,)."""
    place, least, descent = HERE[None], np.inf, []
    for _ in range(count // GRADIENT_COST + 1):
        least = min(least, float(valley_loss(place)[0]))
        descent += [least] * GRADIENT_COST
        place = np.clip(place - 0.2 * valley_gradient(place), LOW, HIGH)
    rng = np.random.default_rng(63)
    drawn = rng.uniform(LOW, HIGH, (count + 1, 16, 2))
    guesses = np.minimum.accumulate([valley_loss(row) for row in drawn], axis=0)
    return np.array(descent)[: count + 1], np.median(guesses, axis=1)


def _put_labels(labels, ends, x, gap):
    """Each label, in words, beside the end of its own line, on a log axis, `gap` decades apart."""
    for name, height in apart({k: np.log10(v) for k, v in ends.items()}, gap).items():
        labels[name].set_position((x, 10**height))
        labels[name].set_text(IN_WORDS[name])


def _walk_in_words(step, hot, cold, low, walks):
    """A setting of `walk_explorer`, and how many of its walks stand low, in short lines."""
    return say(
        "step {step:g},\nT from {hot:.2g}\nto {cold:.2g}:\n{low} of {walks} low\n(below 0.05)",
        step=step, hot=hot, cold=cold, low=low, walks=walks,
    )  # fmt: skip


def walk_explorer(count=100, walks=16, scored=80) -> Explorer:
    """Sixteen annealing walks out of the wrong valley of a one-unit RNN's loss (6.1)-(6.4).

    They are the first of `scored` walks at one setting; the goal counts all of these.
    """
    time = np.arange(count + 1)
    descent, guessing = _rival_curves(count)
    fixed = {"descent": (descent, OUTPUT, "--"), "guessing": (guessing, INPUT, ":")}
    with matplotlib.rc_context(RC):
        figure = picture(900, 520)
        ax = figure.subplot_mosaic([["map", "best"], ["map", "rate"]], width_ratios=(3, 2))
        draw_map(ax["map"])
        ax["map"].set_title(say("One walk, 15 others; black: downhill walks"))
        ax["best"].set(xlim=(0, 1.45 * count), ylim=(4e-3, 1.5), yscale="log")
        ax["best"].set_title(say("Best loss so far, median of 16"))
        for curve, colour, dashes in fixed.values():
            ax["best"].plot(time, np.maximum(curve, 4e-3), color=colour, ls=dashes)
        ax["rate"].set(xlim=(0, 1.45 * count), ylim=(-0.03, 1.05))
        ax["rate"].set_xlabel(say("looks at the loss (dashed line: now)"))
        for k in ("best", "rate"):
            ax[k].set_xticks(np.linspace(0, count, 6))
        ax["rate"].set_title(say("Share of candidates taken"))
        ax["map"].plot(*HERE, "o", color="white", mec="#111111", ms=10, mew=2, zorder=6)
        ax["map"].text(HERE[0], HERE[1] + 0.17, say("start"), ha="center", va="center",
                       weight="bold", bbox={"fc": "white", "ec": "none", "pad": 1.5})  # fmt: skip
        (path,) = ax["map"].plot([], [], color=FORGET, lw=1.2)
        (others,) = ax["map"].plot([], [], "o", color=CELL_LINE, ms=5)
        (without,) = ax["map"].plot([], [], "o", color=GRADIENT, ms=3.5)
        (here,) = ax["map"].plot([], [], "o", color=FORGET, ms=10)
        (best,) = ax["best"].plot([], [], color=FORGET)
        (cold,) = ax["best"].plot([], [], color=GRADIENT, lw=1.2)
        (rate,) = ax["rate"].plot([], [], color=FORGET)
        setting = Words(ax["rate"], 1.04 * count, 0.9, ha="left", va="top", fontsize=11)
        colours = {"annealed": FORGET, "downhill": GRADIENT, "guessing": INPUT, "descent": OUTPUT}
        labels = {
            name: Words(ax["best"], 0, 1, ha="left", color=colour, fontsize=11, weight="bold")
            for name, colour in colours.items()
        }
        cursors = [
            ax[k].axvline(0, color="#111111", lw=1.1, ls=(0, (3, 2))) for k in ("best", "rate")
        ]

    @lru_cache(maxsize=8)  # moving the time slider shows the same walks again
    def walked(start, step, end, again):
        """Places, losses, taken of the walks; places, losses of the control; how many end low."""
        course = geometric_cooling(start, end ** (1 / (count - 1)), count)
        hot = np.repeat(course[:, None], scored, axis=1)
        places, losses, taken = anneal_many(
            walled(valley_loss), np.tile(HERE, (2 * scored, 1)), np.hstack([hot, 0 * hot]),
            step=step, rng=[np.random.default_rng(again) for _ in range(2)],  # the same noise
        )  # fmt: skip
        low = 16 * (losses[-1, :scored] < 0.05).mean()
        shown, cold = slice(walks), slice(scored, scored + walks)
        return (places[:, shown], losses[:, shown], taken[:, shown], places[:, cold],
                losses[:, cold], low)  # fmt: skip

    def median_best(losses):
        return np.median(np.minimum.accumulate(losses, axis=0), axis=1)

    def update(start, step, end, again, t):
        places, losses, taken, control, control_losses, low = walked(start, step, end, again)
        one = int((places[-1, :, 0] > 0).argmax())  # the first that ends on the right, if any
        path.set_data(*places[: t + 1, one].T)
        here.set_data(*places[t : t + 1, one].T)
        low_now = int((losses[t] < 0.05).sum())
        setting.set_text(_walk_in_words(step, start, start * end, low_now, walks))
        others.set_data(*np.delete(places[t], one, axis=0).T)
        without.set_data(*control[t].T)
        curves = {"annealed": median_best(losses), "downhill": median_best(control_losses)}
        for artist, curve in zip((best, cold), curves.values(), strict=True):
            artist.set_data(time, np.clip(curve, 4e-3, 1.5))
        ends = {k: np.clip(v[-1], 4e-3, 1.5) for k, v in curves.items()}
        ends |= {k: np.clip(v[0][-1], 4e-3, 1.5) for k, v in fixed.items()}
        _put_labels(labels, ends, 1.02 * count, 0.17)
        total = np.concatenate([[0], np.cumsum(taken[1:].mean(axis=1))])
        first = np.maximum(time[1:] - 10, 0)
        rate.set_data(time[1:], (total[1:] - total[first]) / (time[1:] - first))
        for cursor in cursors:
            cursor.set_xdata([t, t])
        return {
            "t": t, "places": places, "losses": losses, "best": curves["annealed"],
            "descent": descent, "guessing": guessing, "cold": curves["downhill"],
            "temperature": start * end ** (max(t - 1, 0) / (count - 1)),
            "low_now": low_now, "taken": taken[1:].mean(),
            "low_cold": int((control_losses[t] < 0.05).sum()),
            "low": low, "step": step,
        }  # fmt: skip

    def describe(v):
        return say(
            "After {t} looks T = {temperature:.3g} and {low} of {walks} walks stand low, with a "
            "loss below 0.05; of the downhill walks {low_cold} do. Median best loss at the end: "
            "annealed {best}, downhill {cold}, guessing {guessing}, descent {descent}.",
            t=v["t"],
            temperature=v["temperature"],
            low=v["low_now"],
            walks=walks,
            low_cold=v["low_cold"],
            best=in_words(v["best"][-1]),
            cold=in_words(v["cold"][-1]),
            guessing=in_words(guessing[-1]),
            descent=in_words(descent[-1]),
        )

    return Explorer(
        "anneal_walk",
        figure=figure,
        controls={
            "start": slider("start temperature", 0, 2, 0.02, 0.5, quantity="f"),
            "step": slider("step size", 0.05, 1.5, 0.05, 0.6, quantity="x"),
            "end": slider("last T / first T", 0.01, 1, 0.01, 0.05, digits=2),
            "again": whole("another draw", 1, 20, 1, quantity="x"),
            "t": whole("looks so far: t", 0, count, count, quantity="x"),
        },
        moving=[path, others, without, here, best, cold, rate, setting, *labels.values(), *cursors],
        update=update,
        describe=describe,
        play="t",
        presets={
            "downhill walk": {"start": 0},
            "small steps": {"step": 0.3},
            "fixed T": {"end": 1},
        },
        challenge=Challenge(
            task="With steps of 0.6 or less, end below 0.05 with 5 of 16 walks, the mean of 80.",
            score=lambda values: values["low"] if values["step"] <= 0.6 else 0.0,
            goal=5,
            shown=".1f",
        ),
    )


# ---------------------------------------------------------------- which candidates are taken


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
        rule.set(xlim=(-0.5, 1.5), ylim=(-0.04, 1.08), xlabel=say("change of the loss"))
        rule.set_title(say("Chance of being taken"))
        setting = Words(rule, 1.45, 0.82, ha="right", fontsize=12)
        rule.axvline(0, color=FAINT, lw=1)
        draw_map(ground)
        ground.set_title(say("Candidates from the wrong valley's bottom"))
        (cross,) = ground.plot(*place.T, "P", mfc="white", mec="#111111", ms=14, mew=1.6, zorder=5)
        (curve,) = rule.plot([], [], color=GRADIENT)
        full = {"color": "#111111", "mec": "white", "mew": 0.7, "ms": 6, "ls": "", "marker": "o"}
        hollow = full | {"mfc": "white", "mec": "#777777", "mew": 1.1, "ms": 5}
        (yes,), (no,) = (rule.plot([], [], **look) for look in (full, hollow))
        (no_place,), (yes_place,) = (ground.plot([], [], **look) for look in (hollow, full))
        rule.text(0.58, 0.9, say("● taken   ○ refused"), weight="bold", transform=rule.transAxes)

    def update(T, step, again):
        rng = np.random.default_rng(again)
        noise, luck = rng.standard_normal((proposals, 2)), rng.random(proposals)
        candidates = np.clip(place + step * noise, LOW, HIGH)
        change = valley_loss(candidates) - floor
        chance = acceptance(change, T)
        taken = luck < chance
        setting.set_text(say("T = {T:.2f}, step {step:.2f}", T=T, step=step))
        curve.set_data(change_axis, acceptance(change_axis, T))
        for dots, spots, which in ((yes, yes_place, taken), (no, no_place, ~taken)):
            dots.set_data(np.clip(change[which], -0.5, 1.5), chance[which])
            spots.set_data(*candidates[which].T)
        return {"T": T, "change": change, "taken": taken, "chance": chance, "floor": floor}

    def describe(v):
        return say(
            "T = {T:.2f}: of {proposals} candidates {worse} are worse, and {taken} are taken; "
            "{expected:.0f} were to be expected.",
            T=v["T"],
            proposals=proposals,
            worse=(v["change"] > 0).sum(),
            taken=v["taken"].sum(),
            expected=v["chance"].sum(),
        )

    return Explorer(
        "acceptance",
        figure=figure,
        controls={
            "T": slider("temperature T", 0, 2, 0.02, 0.2, quantity="f"),
            "step": slider("step size", 0.05, 1.5, 0.05, 0.5, quantity="x"),
            "again": whole("another draw", 1, 20, 1, quantity="x"),
        },
        moving=[
            curve,
            yes,
            no,
            setting,
            yes_place,
            no_place,
            cross,
        ],  # the cross last: above the dots
        update=update,
        describe=describe,
    )


def in_words(loss):
    """A loss >= 0 as a reader can take it in: two digits, and nothing below a millionth."""
    if loss < 1e-6:
        return say("below a millionth")
    return np.format_float_positional(loss, 2, fractional=False, trim="-")


EXPLORERS = {
    "anneal_walk": walk_explorer,
    "acceptance": acceptance_explorer,
    "anneal_tour": tour_explorer,
}
