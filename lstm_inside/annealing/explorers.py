"""What a reader moves in notebook 06; round trips have a file of their own."""

from functools import lru_cache

import matplotlib
import numpy as np

from lstm_inside.annealing.explorers_spread import spread_explorer
from lstm_inside.annealing.explorers_tours import tour_explorer
from lstm_inside.annealing.figures import IN_WORDS, SEARCHES, apart, draw_map
from lstm_inside.annealing.landscape import (
    HERE,
    HIGH,
    LOW,
    valley_gradient,
    valley_loss,
    walled,
)
from lstm_inside.annealing.search import acceptance, anneal_many, geometric_cooling
from lstm_inside.page import Challenge, Explorer, slider, whole
from lstm_inside.page.artists import Words
from lstm_inside.page.style import FAINT, GRADIENT, RC, picture
from lstm_inside.words import say

# ---------------------------------------------------------------- a walk on a loss one can see


LOW_LOSS = 0.05
DOTS = {"ls": "", "marker": "o", "mec": "white", "mew": 0.9}


def _guessers(count, walks):
    """How many of `walks` guessers have met a low place after each look, (count + 1,)."""
    drawn = np.random.default_rng(63).uniform(LOW, HIGH, (count + 1, walks, 2))
    low = np.array([valley_loss(row) < LOW_LOSS for row in drawn])
    return np.maximum.accumulate(low, axis=0).sum(axis=1)


def _kind(start, end):
    """Which of the walks of section 4 a setting is, by its name in SEARCHES."""
    if start == 0:
        return "downhill"
    return "fixed" if end == 1 else "annealed"


def _setting_in_words(step, hot, cold):
    return say("step {step:g},\nT from {hot:.2g}\nto {cold:.2g}", step=step, hot=hot, cold=cold)


def walk_explorer(count=100, walks=16, draws=5) -> Explorer:
    """Sixteen annealing walks out of the wrong valley of a one-unit RNN's loss (6.1)-(6.4).

    They are the first of `draws` times as many at one setting; the goal counts all of these.
    """
    time, guessing, scored = np.arange(count + 1), _guessers(count, walks), draws * walks
    with matplotlib.rc_context(RC):
        figure = picture(900, 520)
        ax = figure.subplot_mosaic([["map", "low"], ["map", "rate"]], width_ratios=(3, 2))
        draw_map(ax["map"])
        ax["map"].set_title(say("One walk, 15 others; black: downhill walks"))
        ax["low"].set(ylim=(-0.6, walks + 0.9), yticks=range(0, walks + 1, 4))
        ax["low"].set_title(say("How many of 16 stand low"))
        ax["rate"].set(ylim=(-0.03, 1.05))
        ax["rate"].set_xlabel(say("looks at the loss"))
        ax["rate"].set_title(say("Share of candidates taken"))
        for k in ("low", "rate"):
            ax[k].set(xlim=(0, 1.6 * count), xticks=np.linspace(0, count, 6))
        ax["map"].plot(*HERE, "o", color="white", mec="#111111", ms=10, mew=2, zorder=6)
        ax["map"].text(HERE[0], HERE[1] + 0.17, say("start"), ha="center", va="center",
                       weight="bold", bbox={"fc": "white", "ec": "none", "pad": 1.5})  # fmt: skip
        (path,) = ax["map"].plot([], [], lw=1.2)
        (others,) = ax["map"].plot([], [], ms=6.5, **DOTS)
        (without,) = ax["map"].plot([], [], ms=5.5, color=SEARCHES["downhill"], **DOTS)
        (here,) = ax["map"].plot([], [], ms=11, **DOTS)
        lines = {
            name: ax["low"].plot([], [], color=SEARCHES[key], lw=width, ls=dashes)[0]
            for name, key, width, dashes in (
                ("guessing", "guessing", 1.5, ":"),
                ("downhill", "downhill", 1.5, "-"),
                ("walk", "annealed", 2.5, "-"),
            )
        }
        (rate,) = ax["rate"].plot([], [])
        setting = Words(ax["rate"], 1.04 * count, 0.9, ha="left", va="top", fontsize=11)
        labels = {
            name: Words(ax["low"], 0, 1, ha="left", fontsize=11, weight="bold") for name in lines
        }

    @lru_cache(maxsize=8)  # moving the time slider shows the same walks again
    def walked(start, step, end, again):
        """Places, losses, taken of the walks; places, losses of the control; how many end low."""
        course = geometric_cooling(start, end ** (1 / (count - 1)), count)
        hot = np.repeat(course[:, None], scored, axis=1)
        places, losses, taken = anneal_many(
            walled(valley_loss), np.tile(HERE, (2 * scored, 1)), np.hstack([hot, 0 * hot]),
            step=step, rng=[np.random.default_rng(again) for _ in range(2)],  # the same noise
        )  # fmt: skip
        low = walks * (losses[-1, :scored] < LOW_LOSS).mean()
        shown, cold = slice(walks), slice(scored, scored + walks)
        return (places[:, shown], losses[:, shown], taken[:, shown], places[:, cold],
                losses[:, cold], low)  # fmt: skip

    def update(start, step, end, again, t):
        places, losses, taken, control, control_losses, low = walked(start, step, end, again)
        kind = _kind(start, end)
        one = int((places[-1, :, 0] > 0).argmax())  # the first that ends on the right, if any
        path.set_data(*places[: t + 1, one].T)
        here.set_data(*places[t : t + 1, one].T)
        setting.set_text(_setting_in_words(step, start, start * end))
        others.set_data(*np.delete(places[t], one, axis=0).T)
        without.set_data(*control[t].T)
        counts = {
            "guessing": guessing,
            "downhill": (control_losses < LOW_LOSS).sum(axis=1),
            "walk": (losses < LOW_LOSS).sum(axis=1),
        }
        names = {
            "guessing": say("guessing (met)"),
            "downhill": "" if kind == "downhill" else IN_WORDS["downhill"],
            "walk": IN_WORDS[kind],
        }
        heights = apart({name: each[t] for name, each in counts.items() if names[name]}, 1.5)
        for name, each in counts.items():
            lines[name].set_data(time[: t + 1], each[: t + 1])
            labels[name].set_text(names[name])
            labels[name].set_position((t + 0.02 * count, heights.get(name, 0)))
            labels[name].set_color(lines[name].get_color())
        for artist in (path, here, others, lines["walk"], rate, labels["walk"]):
            artist.set_color(SEARCHES[kind])
        total = np.concatenate([[0], np.cumsum(taken[1:].mean(axis=1))])
        first = np.maximum(time[1:] - 10, 0)
        rate.set_data(time[1 : t + 1], ((total[1:] - total[first]) / (time[1:] - first))[:t])
        return {
            "t": t, "places": places, "losses": losses, "kind": kind, "counts": counts,
            "temperature": start * end ** (max(t - 1, 0) / (count - 1)),
            "taken": taken[1:].mean(), "low": low, "step": step,
        }  # fmt: skip

    def describe(v):
        counts = {name: each[v["t"]] for name, each in v["counts"].items()}
        return say(
            "After {t} looks T = {temperature:.3g} and {walk} of {walks} walks ({kind}) stand low, "
            "with a loss below 0.05; of the downhill walks {downhill} do. Of {walks} guessers "
            "{guessing} have met a low place. At the end, in {draws} draws of {walks} walks, "
            "{low:.1f} stand low on average.",
            t=v["t"], temperature=v["temperature"], walks=walks, kind=IN_WORDS[v["kind"]],
            draws=draws, low=v["low"], **counts,
        )  # fmt: skip

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
        moving=[path, others, without, here, *lines.values(), rate, setting, *labels.values()],
        update=update,
        describe=describe,
        play="t",
        presets={
            "small steps": {"step": 0.3},
            "fixed T": {"start": 1, "end": 1},
            "downhill walk": {"start": 0},
            "downhill, steps of 1.5": {"start": 0, "step": 1.5},
        },
        challenge=Challenge(
            task="With steps of 0.6 or less: 4 of 16 walks stand low at the end, on average over "
            "five draws (the one shown and four more).",
            score=lambda values: values["low"] if values["step"] <= 0.6 else 0.0,
            goal=4,
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
        rule.set(xlim=(-0.53, 1.53), ylim=(-0.04, 1.16), yticks=(0, 0.5, 1))
        rule.set(xlabel=say("change of the loss"), ylabel=say("chance; dots: their random numbers"))
        rule.set_title(say("Taken if its number lies below the curve"))
        setting = Words(rule, 1.5, 1.09, ha="right", fontsize=12)
        rule.axvline(0, color=FAINT, lw=1)
        draw_map(ground)
        ground.set_title(say("Candidates from the wrong valley's bottom"))
        (cross,) = ground.plot(*place.T, "P", mfc="white", mec="#111111", ms=14, mew=1.6, zorder=5)
        (curve,) = rule.plot([], [], color=GRADIENT)
        full = {"color": "#111111", "mec": "white", "mew": 0.7, "ms": 6, "ls": "", "marker": "o"}
        hollow = full | {"mfc": "white", "mec": "#777777", "mew": 1.1, "ms": 5}
        (yes,), (no,) = (rule.plot([], [], **look) for look in (full, hollow))
        (no_place,), (yes_place,) = (ground.plot([], [], **look) for look in (hollow, full))
        rule.text(0.02, 0.94, say("● taken   ○ refused"), weight="bold", va="center",
                  transform=rule.transAxes)  # fmt: skip

    def update(T, step, again):
        rng = np.random.default_rng(again)
        noise, luck = rng.standard_normal((proposals, 2)), rng.random(proposals)
        candidates = place + step * noise
        change = valley_loss(candidates) - floor
        chance = acceptance(change, T)
        taken = luck < chance
        setting.set_text(say("T = {T:.2f}, step {step:.2f}", T=T, step=step))
        curve.set_data(change_axis, acceptance(change_axis, T))
        seen = ((candidates >= LOW) & (candidates <= HIGH)).all(axis=1)
        for dots, spots, which in ((yes, yes_place, taken), (no, no_place, ~taken)):
            dots.set_data(np.clip(change[which], -0.5, 1.5), luck[which])
            spots.set_data(*candidates[which & seen].T)
        return {"T": T, "change": change, "taken": taken, "chance": chance, "floor": floor,
                "beyond": int((~seen).sum())}  # fmt: skip

    def describe(v):
        return say(
            "T = {T:.2f}: of {proposals} candidates {worse} are worse, and {taken} are taken; "
            "{expected:.0f} were to be expected. Beyond this map: {beyond}.",
            T=v["T"], proposals=proposals, worse=(v["change"] > 0).sum(), taken=v["taken"].sum(),
            expected=v["chance"].sum(), beyond=v["beyond"],
        )  # fmt: skip

    return Explorer(
        "acceptance",
        figure=figure,
        controls={
            "T": slider("temperature T", 0, 2, 0.02, 0.2, quantity="f"),
            "step": slider("step size", 0.05, 1.5, 0.05, 0.5, quantity="x"),
            "again": whole("another draw", 1, 20, 1, quantity="x"),
        },
        moving=[curve, no, yes, setting, no_place, yes_place, cross],  # the cross above the dots
        update=update,
        describe=describe,
        presets={
            "cold": {"T": 0.04},
            "hot": {"T": 1.0},
            "large steps": {"step": 1.5},
        },
    )


EXPLORERS = {
    "anneal_walk": walk_explorer,
    "acceptance": acceptance_explorer,
    "anneal_spread": spread_explorer,
    "anneal_tour": tour_explorer,
}
