"""What a reader moves in notebook 06; round trips have a file of their own."""

from functools import lru_cache

import matplotlib
import numpy as np

from lstm_core import lstm_forward
from lstm_inside.annealing.comparisons import BUDGET, recall_searches
from lstm_inside.annealing.explorers_tours import tour_explorer
from lstm_inside.annealing.figures import IN_WORDS, apart, draw_map, search_in_words
from lstm_inside.annealing.landscape import (
    HERE,
    HIGH,
    LOW,
    valley_gradient,
    valley_loss,
    walled,
)
from lstm_inside.annealing.many import Crowd
from lstm_inside.annealing.recall import r_squared
from lstm_inside.annealing.search import (
    GRADIENT_COST,
    acceptance,
    anneal_many,
    geometric_cooling,
)
from lstm_inside.gates.recall import LATCH
from lstm_inside.page import Challenge, Explorer, choice, slider, whole
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
from lstm_inside.tasks import Sequences
from lstm_inside.training import Model, ReadoutParams
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
        labels[name].set_text(IN_WORDS.get(name, name))


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
        ax["map"].set_title(say("One walk, and where 15 others stand"))
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
        (here,) = ax["map"].plot([], [], "o", color=FORGET, ms=10)
        (best,) = ax["best"].plot([], [], color=FORGET)
        (cold,) = ax["best"].plot([], [], color=GRADIENT, lw=1.2)
        (rate,) = ax["rate"].plot([], [], color=FORGET)
        setting = Words(ax["rate"], 1.04 * count, 0.9, ha="left", va="top", fontsize=11)
        colours = {"annealing": FORGET, "T = 0": GRADIENT, "guessing": INPUT, "descent": OUTPUT}
        labels = {
            name: Words(ax["best"], 0, 1, ha="left", color=colour, fontsize=11, weight="bold")
            for name, colour in colours.items()
        }
        cursors = [
            ax[k].axvline(0, color="#111111", lw=1.1, ls=(0, (3, 2))) for k in ("best", "rate")
        ]

    @lru_cache(maxsize=8)  # moving the time slider shows the same walks again
    def walked(start, step, cooling, again):
        """Places, losses and taken of the walks on show, the control's losses, how many end low."""
        hot = np.repeat(geometric_cooling(start, cooling, count)[:, None], scored, axis=1)
        places, losses, taken = anneal_many(
            walled(valley_loss), np.tile(HERE, (2 * scored, 1)), np.hstack([hot, 0 * hot]),
            step=step, rng=[np.random.default_rng(again) for _ in range(2)],  # the same noise
        )  # fmt: skip
        low = 16 * (losses[-1, :scored] < 0.05).mean()
        shown, cold = slice(walks), slice(scored, scored + walks)
        return places[:, shown], losses[:, shown], taken[:, shown], losses[:, cold], low

    def median_best(losses):
        return np.median(np.minimum.accumulate(losses, axis=0), axis=1)

    def update(start, step, cooling, again, t):
        places, losses, taken, control_losses, low = walked(start, step, cooling, again)
        one = int((places[-1, :, 0] > 0).argmax())  # the first that ends on the right, if any
        path.set_data(*places[: t + 1, one].T)
        here.set_data(*places[t : t + 1, one].T)
        low_now = int((losses[t] < 0.05).sum())
        coldest = start * cooling ** (count - 1)
        setting.set_text(_walk_in_words(step, start, coldest, low_now, walks))
        others.set_data(*np.delete(places[t], one, axis=0).T)
        curves = {"annealing": median_best(losses), "T = 0": median_best(control_losses)}
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
            "t": t, "places": places, "losses": losses, "best": curves["annealing"],
            "descent": descent, "guessing": guessing, "cold": curves["T = 0"],
            "temperature": start * cooling ** max(t - 1, 0),
            "low_now": low_now, "taken": taken[1:].mean(),
            "low_cold": int((control_losses[t] < 0.05).sum()),
            "low": low, "step": step,
        }  # fmt: skip

    def describe(v):
        return say(
            "After {t} looks T = {temperature:.3g} and {low} of {walks} walks stand low, with a "
            "loss below 0.05; at T = 0 it is {low_cold}. Median best loss at the end: annealing "
            "{best}, T = 0 {cold}, guessing {guessing}, descent {descent}.",
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
            "step": slider("step size", 0.05, 1.5, 0.05, 1.2, quantity="x"),
            "cooling": slider("cooling: T × this", 0.9, 1, 0.005, 0.985, digits=3),
            "again": whole("another draw", 1, 20, 1, quantity="x"),
            "t": whole("looks so far: t", 0, count, count, quantity="x"),
        },
        moving=[path, others, here, best, cold, rate, setting, *labels.values(), *cursors],
        update=update,
        describe=describe,
        play="t",
        presets={
            "no heat": {"start": 0},
            "small steps": {"step": 0.3},
            "never cooled": {"cooling": 1},
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
        (cross,) = ground.plot(*place.T, "+", color="#111111", ms=18, mew=2.5, zorder=5)
        (curve,) = rule.plot([], [], color=GRADIENT)
        (yes,) = rule.plot([], [], "o", color=OUTPUT, ms=4.5)
        (no,) = rule.plot([], [], "o", color=FORGET, ms=4.5)
        (yes_place,) = ground.plot([], [], "o", color=OUTPUT, ms=4.5)
        (no_place,) = ground.plot([], [], "o", color=FORGET, ms=4.5)
        for x, words, colour in ((0.6, say("taken"), OUTPUT), (0.76, say("refused"), FORGET)):
            rule.text(x, 0.9, words, color=colour, weight="bold", transform=rule.transAxes)

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


# ---------------------------------------------------------------- one LSTM unit on recall

DOTS = 100  # of the 500 unseen sequences are shown
BY_HAND, READ_LATCH = "by hand", 2.3  # what a read-out multiplies the latch's h by


def _best_so_far(found, name):
    """The looks spent, and each start's smallest loss by then: (n,), (S, n).

    What a logarithmic axis can show, with a gap at the end.
    """
    cost = GRADIENT_COST if "descent" in name else 1
    at = np.unique(np.geomspace(1, len(found.losses), 80).round().astype(int))
    losses = np.maximum(np.minimum.accumulate(found.losses, axis=0), 1e-4)[at - 1]
    gap = np.full((1, losses.shape[1]), np.nan)
    return np.append(cost * at, np.nan), np.concatenate([losses, gap]).T


def recall_explorer() -> Explorer:
    """What each search (its first draw) found from each start: its loss, its gates, its answer.

    Before them the latch of 03, set by hand.
    """
    hunt, draws = recall_searches()
    found = {name: each[0] for name, each in draws.items()}
    S, steps = len(hunt.starts), np.arange(1, len(hunt.crowd.xs) + 1)
    latch = Model(LATCH, ReadoutParams(np.array([[READ_LATCH]]), np.zeros(1)))
    best = {BY_HAND: np.repeat(hunt.crowd.rows([latch]), S, axis=0)}
    best |= {name: each.best for name, each in found.items()}
    together = np.concatenate(list(best.values()))
    scores = dict(zip(best, r_squared(hunt.unseen, together).reshape(-1, S), strict=True))
    losses = dict(zip(best, hunt.crowd.losses(together).reshape(-1, S), strict=True))
    xs, due, last = hunt.unseen.xs[:, 0], hunt.unseen.targets[0], hunt.unseen.last[0]
    some = Sequences(xs[:, :DOTS], due[:DOTS], last[:DOTS])
    asked = Crowd(hunt.crowd.form, [some])
    shown = int(np.abs(hunt.unseen.targets[0, :40, 0]).argmax())  # a large number to recall
    flag = int(xs[:, shown, 1].argmax())
    by_hand = lstm_forward(xs[:, shown : shown + 1], LATCH)
    with matplotlib.rc_context(RC):
        figure = picture(900, 560)
        ax = figure.subplot_mosaic([["gates", "gates"], ["loss", "line"]], height_ratios=(5, 4))
        ax["loss"].set(xlim=(1, BUDGET), ylim=(1e-4, 3), yscale="log", xscale="log")
        ax["loss"].set_xlabel(say("looks at the loss (with its gradient: 3)"))
        ax["loss"].set_title(say("Best training loss so far; bold: the chosen start"))
        ax["loss"].axhline(1 / 3, color="#888888", lw=1.3, ls=":")
        ax["loss"].text(BUDGET, 0.36, say("always answering 0"), color="#555555", fontsize=11,
                        ha="right")  # fmt: skip
        ax["loss"].set_ylabel(say("loss"))
        gates = ax["gates"]
        gates.set(xlim=(0.5, steps[-1] + 1.5), ylim=(-0.05, 1.08), yticks=(0, 0.5, 1))
        gates.set(xlabel=say("step"), title=say("Gates of the chosen network; dashed: by hand"))
        gates.set_xticks(range(0, len(steps) + 1, 5))
        gates.axvline(flag + 1, color="#111111", lw=1)
        gates.text(flag + 2.2, 0.5, say("flag"), fontsize=11, va="center")
        named = Words(ax["gates"], 20, 0.5, ha="right", va="center", fontsize=12)
        ax["line"].set(xlim=(-1.05, 1.05), ylim=(-1.25, 1.25), xlabel=say("the flagged number"))
        ax["line"].set_title(say("What the bold one answers, on unseen sequences"))
        ax["line"].set_ylabel(say("its answer"))
        ax["line"].plot([-1, 1], [-1, 1], color="#BBBBBB", lw=1.2)
        for gate, colour in (("i", INPUT), ("f", FORGET)):
            gates.plot(steps, getattr(by_hand, gate)[:, 0, 0], color=colour, lw=2, ls=(0, (3, 2)))
        (write,) = ax["gates"].plot([], [], color=INPUT, lw=2.5)
        (forget,) = ax["gates"].plot([], [], color=FORGET, lw=2.5)
        letters = {
            key: Words(ax["gates"], 0, 0, ha="left", color=colour, fontsize=13, weight="bold")
            for key, colour in (("f", FORGET), ("i", INPUT))
        }
        (rest,) = ax["loss"].plot([], [], color="#BBBBBB", lw=1)
        (curve,) = ax["loss"].plot([], [], color=GRADIENT, lw=3)
        (dots,) = ax["line"].plot([], [], "o", color=GRADIENT, ms=3.5, alpha=0.6)

    level = np.repeat(losses[BY_HAND][:, None], 3, axis=1) * (1, 1, np.nan)  # was not searched for
    curves = {BY_HAND: (np.array([1, BUDGET, np.nan]), level)}
    curves |= {name: _best_so_far(each, name) for name, each in found.items()}

    def best_of(kind):
        """The search of a kind, and its start, whose network recalls best."""
        search = max((name for name in scores if kind in name), key=lambda k: scores[k].max())
        return {"search": search, "start": int(scores[search].argmax())}

    def update(search, start):
        at, courses = curves[search]
        weights, r2 = best[search][start], scores[search]
        rest.set_data(np.tile(at, S), courses.ravel())
        curve.set_data(at, courses[start])
        model = hunt.unseen.model(weights)
        trace = lstm_forward(xs[:, shown : shown + 1], model.cell)
        at_flag = say("f = {f:.2f} at the flag", f=trace.f[flag, 0, 0])
        named.set_text(say("{search}:\n{at_flag}", search=search_in_words(search), at_flag=at_flag))
        ends = {}
        for artist, key in ((forget, "f"), (write, "i")):
            values = getattr(trace, key)[:, 0, 0]
            artist.set_data(steps, values)
            ends[key] = values[-1]
        for key, height in apart(ends, 0.13).items():
            letters[key].set_position((steps[-1] + 0.5, height))
            letters[key].set_text(key)
        answers = asked.answers(weights[None])[0, :, 0]
        dots.set_data(due[:DOTS, 0], np.clip(answers, -1.25, 1.25))
        return {
            "search": search, "start": start, "loss": losses[search][start],
            "r2": r2[start], "solved": int((r2 > 0.9).sum()),
            "f": trace.f[:, 0, 0], "i": trace.i[:, 0, 0], "c": trace.c[:, 0, 0], "flag": flag,
        }  # fmt: skip

    def describe(v):
        return say(
            "{search}, start {start}: the training loss is {loss}, R² = {r2:.2f} on unseen "
            "sequences. At the flag f = {f:.2f} and i = {i:.2f}.",
            search=search_in_words(v["search"]),
            start=v["start"],
            loss=in_words(v["loss"]),
            r2=v["r2"],
            f=v["f"][flag],
            i=v["i"][flag],
        )

    return Explorer(
        "anneal_lstm",
        figure=figure,
        controls={
            "search": choice("search", [(search_in_words(name), name) for name in best], BY_HAND),
            "start": whole("which start", 0, S - 1, 0, quantity="x"),
        },
        moving=[rest, curve, write, forget, dots, named, *letters.values()],
        update=update,
        describe=describe,
        presets={
            "best of descent": best_of("descent"),
            "best of the walks": best_of("walk"),
        },
    )


def in_words(loss):
    """A loss >= 0 as a reader can take it in: two digits, and nothing below a millionth."""
    if loss < 1e-6:
        return say("below a millionth")
    return np.format_float_positional(loss, 2, fractional=False, trim="-")


EXPLORERS = {
    "anneal_walk": walk_explorer,
    "acceptance": acceptance_explorer,
    "anneal_lstm": recall_explorer,
    "anneal_tour": tour_explorer,
}
