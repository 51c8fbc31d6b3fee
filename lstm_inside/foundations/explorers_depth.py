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
LOWEST, HIGHEST = 1e-11, 1e8  # the sizes that the picture has room for
ACTS = Sentences(
    {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU", "rotations": "tanh, rotations"}
)


def _measure(scale, act):
    """What `measure_depth` finds for a position of the slider and one of the four choices."""
    if act == "rotations":
        return measure_depth(LAYERS, COUNT, scale=scale, act="tanh", weights="rotations")
    return measure_depth(LAYERS, COUNT, scale=scale, act=act)


def _per_step(measured):
    """By what a step back multiplies: the weights alone, the slopes alone, both together.

    Medians of the networks in whose layer 1 anything arrives; and how many these are.
    """
    true, bare = measured["true"][:, 0], measured["slopes 1"][:, 0]
    arrives = true > 0
    steps = measured["true"].shape[1] - 1
    together = np.median(true[arrives]) ** (1 / steps)
    weights = np.median(bare) ** (1 / steps)
    return np.array([weights, together / weights, together]), int(arrives.sum())


def many_layers_explorer() -> Explorer:
    """A delta of 1 sent back through 200 networks of ten layers, for any size of the weights."""
    curves = {
        act: [_per_step(_measure(scale, act)) for scale in SCALES]
        for act in ("sigmoid", "tanh", "relu", "rotations")
    }
    at = np.arange(1, LAYERS + 1)
    with matplotlib.rc_context(RC):
        figure = picture(960, 420)
        ax, steps = figure.subplots(1, 2, width_ratios=(11, 9))
        ax.set(yscale="log", xlim=(0.3, LAYERS + 0.7), ylim=(LOWEST, HIGHEST), xticks=at,
               xlabel=say("layer (the loss lies beyond the right end)"))  # fmt: skip
        ax.set_yticks(10.0 ** np.arange(-10, 9, 2))
        ax.minorticks_off()
        ax.set_ylabel(say("size (median of {count} networks)", count=COUNT))
        ax.set_title(say("Ten layers: δ going back, XOR going forward"))
        ax.axhline(1, color="#777777", lw=1)
        ax.annotate("", (3.6, 2e7), (9.9, 2e7), arrowprops={"arrowstyle": "->", "color": GRADIENT})
        ax.text(6.75, 4e6, say("going back"), ha="center", va="center", color=GRADIENT)
        (bare,) = ax.plot([], [], "o--", color=INPUT, lw=2, ms=6, mfc="white")
        (true,) = ax.plot([], [], "o-", color=GRADIENT, lw=2.6, ms=7)
        (apart,) = ax.plot([], [], "s:", color=OUTPUT, lw=2, ms=6)
        names = [
            Words(ax, 10.4, y, ha="right", color=colour, weight="bold", fontsize=11)
            for y, colour in ((1.3e-8, INPUT), (9e-10, GRADIENT), (6e-11, OUTPUT))
        ]
        steps.set(xscale="log", yscale="log", xlim=(0.45, 9), ylim=(0.008, 20),
                  xlabel=say("weights × (in units of section 6's)"))  # fmt: skip
        steps.minorticks_off()
        steps.set_xticks([0.5, 1, 2, 4, 8], ["0.5", "1", "2", "4", "8"])
        steps.set_yticks([0.01, 0.1, 1, 10], ["0.01", "0.1", "1", "10"])
        steps.set_ylabel(say("one step back multiplies δ by"))
        steps.axhline(1, color="#777777", lw=1)
        looks = ((INPUT, "--"), (FORGET, "-."), (GRADIENT, "-"))
        lines = [steps.plot([], [], ls, color=colour, lw=2.2)[0] for colour, ls in looks]
        dots = [steps.plot([], [], "o", color=colour, ms=8)[0] for colour, _ in looks]
        tags = [
            Words(steps, 0.48, y, ha="left", color=colour, weight="bold", fontsize=11)
            for y, (colour, _) in zip((0.058, 0.028, 0.0135), looks, strict=True)
        ]
        steps.set_title(" ")  # room for the one that moves
        title = Words(steps, 0.45, 25.5, ha="left", weight="bold", fontsize=12, clip_on=False)

    def update(scale, act):
        measured = _measure(scale, act)
        arrives = measured["true"][:, 0] > 0
        sizes = {
            "true": np.median(measured["true"][arrives], axis=0),
            "slopes 1": np.median(measured["slopes 1"], axis=0),
        }
        corners = np.median(measured["apart"], axis=0)
        factors, number = curves[act][int(np.argmin(np.abs(SCALES - scale)))]
        for line, way in ((bare, "slopes 1"), (true, "true")):
            line.set_data(at, sizes[way])
        apart.set_data(at[:-1], corners)
        told = (
            say("δ if every slope were 1: {left}", left=short(sizes["slopes 1"][0])),
            say("the true δ in layer 1: {left}", left=short(sizes["true"][0])),
            say("XOR's corners in layer 9 differ by {left}", left=short(corners[-1])),
        )
        for words, text in zip(names, told, strict=True):
            words.set_text(text)
        table = np.array([factors for factors, _ in curves[act]])
        for n, (line, dot) in enumerate(zip(lines, dots, strict=True)):
            line.set_data(SCALES, table[:, n])
            dot.set_data([scale], [factors[n]])
        for words, text in zip(tags, (
            say("the weights alone: × {factor}", factor=short(factors[0])),
            say("the slopes alone: × {factor}", factor=short(factors[1])),
            say("together: × {factor}", factor=short(factors[2])),
        ), strict=True):  # fmt: skip
            words.set_text(text)
        title.set_text(
            say("ReLU: in {lost} of {count} nothing arrives", lost=COUNT - number, count=COUNT)
            if act == "relu"
            else say("The larger the weights, the smaller the slopes")
        )
        return {
            "scale": scale, "act": act, "true": sizes["true"], "slopes 1": sizes["slopes 1"],
            "apart": corners,
            "factors": factors, "lost": COUNT - number,
        }  # fmt: skip

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
                "networks nothing arrives in layer 1; in the others it is {true} there, and would "
                "be {bare} if every slope were 1. Per step: the weights alone × {weights}, the "
                "slopes alone × {slopes}, together × {together}. Going forward, the outputs at "
                "XOR's corners differ by {first} in layer 1, by {last} in layer 9.",
                lost=v["lost"],
                **told,
            )
        return say(
            "{act}, weights × {scale:.1f}. A δ of 1 in layer 10 is {true} in layer 1; it would be "
            "{bare} if every slope were 1. Per step: the weights alone × {weights}, the slopes "
            "alone × {slopes}, together × {together}. Going forward, the outputs at XOR's corners "
            "differ by {first} in layer 1, by {last} in layer 9.",
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
        moving=[bare, true, apart, *names, *lines, *dots, *tags, title],
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
