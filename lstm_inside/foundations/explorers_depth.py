"""Ten layers deep: what weights and slopes do to a delta going back, and to XOR going forward."""

import matplotlib
import numpy as np

from lstm_inside.page import Explorer, Words, choice, picture, slider
from lstm_inside.page.style import FORGET, GRADIENT, INPUT, OUTPUT, RC
from lstm_inside.words import Sentences, say

from .figures import short
from .learning import measure_depth

LAYERS, COUNT = 10, 200
SCALES = np.arange(0.5, 8.01, 0.5)
ROOM = {"delta": (1e-9, 1e9), "apart": (1e-8, 1e3), "steps": (0.008, 20)}  # sizes on the axes
LATE = 4  # from this size of the weights on, the numbers at the dots stand on their left
BESIDE, ROW = 1.12, 1.32  # how far from the dots, and from each other, on axes of powers
_PLATE = [(-1, -0.5), (1, -0.5), (1, 0.5), (-1, 0.5), (-1, -0.5)]  # a marker: a flat box
ACTS = Sentences(
    {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU", "rotations": "tanh, rotations"}
)


def _measure(scale, act):
    """What `measure_depth` finds for a position of the slider and one of the four choices.

    Medians of the networks in whose layer 1 anything arrives, and "lost": in how many nothing does.
    """
    kind = {"act": "tanh", "weights": "rotations"} if act == "rotations" else {"act": act}
    measured = measure_depth(LAYERS, COUNT, scale=scale, **kind)
    arrives = measured["true"][:, 0] > 0
    medians = {name: np.median(sizes[arrives], axis=0) for name, sizes in measured.items()}
    return medians | {"lost": int((~arrives).sum())}


def _per_step(measured):
    """By what a step back multiplies: the weights alone, the slopes alone, both together."""
    weights, together = (measured[way][0] ** (1 / (LAYERS - 1)) for way in ("slopes 1", "true"))
    return np.array([weights, together / weights, together])


def many_layers_explorer() -> Explorer:
    """A delta of 1 sent back through 200 networks of ten layers, for any size of the weights."""
    curves = {act: np.array([_per_step(_measure(scale, act)) for scale in SCALES]) for act in ACTS}
    at = np.arange(1, LAYERS + 1)
    with matplotlib.rc_context(RC):
        figure = picture(960, 470)
        axes = figure.subplot_mosaic(
            [["delta", "steps"], ["apart", "steps"]], width_ratios=(11, 9), height_ratios=(5, 2)
        )
        ax, forward, steps = axes["delta"], axes["apart"], axes["steps"]
        for one, powers in ((ax, range(-8, 9, 4)), (forward, range(-6, 3, 4))):
            one.set(yscale="log", xlim=(0.3, LAYERS + 0.9), xticks=at)
            one.set_yticks([10.0**power for power in powers])
            one.minorticks_off()
            one.axhline(1, color="#777777", lw=1)
        ax.set(ylim=ROOM["delta"], ylabel=say("size of δ"))
        ax.annotate("", (7.1, 3e-8), (10, 3e-8), arrowprops={"arrowstyle": "->", "color": GRADIENT})
        ax.text(8.55, 4e-9, say("read from right to left"), ha="center", va="center",
                color=GRADIENT)  # fmt: skip
        ax.set_title(" ")  # room for the ones that move
        forward.set(ylim=ROOM["apart"], xlabel=say("layer (the loss lies beyond the right end)"))
        forward.set_ylabel(say("difference"))
        forward.set_title(say("Going forward →: how far apart XOR's corners are"))
        (bare,) = ax.plot([], [], "o--", color=INPUT, lw=2, ms=6, mfc="white")
        (true,) = ax.plot([], [], "o-", color=GRADIENT, lw=2.6, ms=7)
        (apart,) = forward.plot([], [], "s:", color=OUTPUT, lw=2, ms=6)
        looks = {"ha": "left", "weight": "bold", "fontsize": 11}
        names = [
            Words(one, x, 1, color=colour, **looks)
            for one, x, colour in ((ax, 0.6, INPUT), (ax, 0.6, GRADIENT), (forward, 9.2, OUTPUT))
        ]
        steps.set(xscale="log", yscale="log", xlim=(0.45, 30), ylim=ROOM["steps"])
        steps.set_xlabel(say("weights × (in units of section 6's)"))
        steps.minorticks_off()
        steps.set_xticks([0.5, 1, 2, 4, 8], ["0.5", "1", "2", "4", "8"])
        steps.set_yticks([0.01, 0.1, 1, 10], ["0.01", "0.1", "1", "10"])
        steps.set_ylabel(say("one step back multiplies δ by"))
        steps.axhline(1, color="#777777", lw=1)
        strokes = ((INPUT, "--"), (FORGET, "-."), (GRADIENT, "-"))
        lines = [steps.plot([], [], ls, color=colour, lw=2.2)[0] for colour, ls in strokes]
        (plates,) = steps.plot([], [], ls="none", marker=_PLATE, ms=32, mew=0, color="white",
                               alpha=0.85)  # fmt: skip
        dots = [steps.plot([], [], "o", color=colour, ms=8)[0] for colour, _ in strokes]
        readings = [Words(steps, 1, 1, color=colour, **looks, zorder=4) for colour, _ in strokes]
        tags = [Words(steps, 9, 1, color=colour, **looks) for colour, _ in strokes]
        for words, text in zip(
            tags, (say("weights alone"), say("slopes"), say("together")), strict=True
        ):
            words.set_text(text)
        steps.set_title(" ")
        looks = {"ha": "left", "weight": "bold", "fontsize": 12, "clip_on": False}
        titles = [Words(ax, 0.3, 5e9, **looks), Words(steps, 0.45, 23.5, **looks)]

    def update(scale, act):
        measured = _measure(scale, act)
        lost = measured["lost"]
        factors = _per_step(measured)
        for line, way in ((bare, "slopes 1"), (true, "true")):
            line.set_data(at, measured[way])
        apart.set_data(at[:-1], measured["apart"])
        _name_ends(names, measured)
        for line, dot, factor, curve in zip(lines, dots, factors, curves[act].T, strict=True):
            line.set_data(SCALES, curve)
            dot.set_data([scale], [factor])
        for words, y in zip(tags, _tag_heights(curves[act][-1]), strict=True):
            words.set_y(y)
        late = scale >= LATE  # the numbers stand on the dots' left there, clear of the tags
        heights = _apart(factors)
        middle = BESIDE * 1.17  # of the numbers
        plates.set_data([scale / middle if late else scale * middle] * 3, heights)
        for words, factor, y in zip(readings, factors, heights, strict=True):
            words.set(x=scale / BESIDE if late else scale * BESIDE, y=y, text=short(factor))
            words.set_ha("right" if late else "left")
        titles[0].set_text(
            say("Going back ←: δ, in the {rest} of {count} networks where it arrives",
                rest=COUNT - lost, count=COUNT)
            if lost else say("Going back ←: δ from layer 10 to layer 1")
        )  # fmt: skip
        titles[1].set_text(
            say("ReLU: in {lost} of {count} nothing arrives", lost=lost, count=COUNT)
            if act == "relu"
            else say("One step back: weights alone, slopes, together")
        )
        return {"scale": scale, "act": act, "factors": factors, **measured}

    def describe(v):
        told = {
            "act": ACTS[v["act"]], "scale": v["scale"], "true": short(v["true"][0]),
            "bare": short(v["slopes 1"][0]), "weights": short(v["factors"][0]),
            "slopes": short(v["factors"][1]), "together": short(v["factors"][2]),
            "first": short(v["apart"][0]), "last": short(v["apart"][-1]),
        }  # fmt: skip
        if v["lost"]:
            return say(
                "{act}, weights × {scale:.1f}. A δ of 1 goes back from layer 10. In {lost} of 200 "
                "networks nothing arrives in layer 1. All else is the median of the other {rest}: "
                "{true} arrives there, and would be {bare} if every slope were 1. Per step: the "
                "weights alone × {weights}, the slopes' part × {slopes}, together × {together}. "
                "Going forward, the outputs at XOR's corners differ by {first} in layer 1, by "
                "{last} in layer 9.",
                lost=v["lost"],
                rest=COUNT - v["lost"],
                **told,
            )
        return say(
            "{act}, weights × {scale:.1f}, medians of 200 networks. A δ of 1 in layer 10 is {true} "
            "in layer 1; it would be {bare} if every slope were 1. Per step: the weights alone × "
            "{weights}, the slopes' part × {slopes}, together × {together}. Going forward, the "
            "outputs at XOR's corners differ by {first} in layer 1, by {last} in layer 9.",
            **told,
        )

    return Explorer(
        "many_layers",
        figure=figure,
        controls={
            "scale": slider("weights ×", 0.5, 8, 0.5, 1, digits=1),
            "act": choice(
                "activation φ",
                [
                    ("sigmoid", "sigmoid"),
                    ("tanh", "tanh"),
                    ("tanh, rotations", "rotations"),
                    ("ReLU", "relu"),
                ],
                "sigmoid",
            ),
        },
        moving=[bare, true, apart, *names, *lines, plates, *dots, *readings, *tags, *titles],
        update=update,
        describe=describe,
        presets={
            "as in section 6": {},
            "weights × 8": {"scale": 8},
            "tanh": {"act": "tanh"},
            "tanh, rotations": {"act": "rotations"},
            "ReLU": {"act": "relu"},
        },
    )


def _name_ends(names, measured):
    """Say at the end of each of the three lines what it is and what is left there."""
    bare, true, apart = measured["slopes 1"][0], measured["true"][0], measured["apart"][-1]
    above = 25 * max(bare, true) if bare < 5e7 else 3e3  # below a line that leaves the picture
    told = (
        (say("if every slope were 1: {left}", left=short(bare)), max(above, 3e-7)),
        (say("δ arrives: {left}", left=short(true)), np.clip(min(bare, true) / 25, 3e-9, 60)),
        (short(apart), np.clip(apart, 1e-7, 1e2)),
    )
    for words, (text, y) in zip(names, told, strict=True):
        words.set_text(text)
        words.set_y(y)


def _apart(factors):
    """The three factors as heights of their numbers, moved apart where they would overlap."""
    low, middle, high = np.argsort(factors)
    heights = np.array(factors)
    heights[high] = max(heights[high], heights[middle] * ROW)
    heights[low] = min(heights[low], heights[middle] / ROW)
    return heights


def _tag_heights(ends):
    """Where the tags of weights, slopes and together stand: at the ends, but apart."""
    weights, slopes, together = np.clip(ends, 0.0095, 14)
    together = np.clip(together, slopes * 1.4, weights / 1.4)
    return weights, slopes, together
