"""Notebook 04's graph of two steps of an RNN, with the gradient's numbers on its arrows."""

import matplotlib
import numpy as np

from lstm_core import RNNParams, rnn_forward
from lstm_inside.bptt.figures_graph import PRE_ACTIVATION, WEIGHTS, back, node
from lstm_inside.bptt.shares import truncated_backward
from lstm_inside.page import Explorer, Words, picture, slider, toggle, whole
from lstm_inside.page.style import GRADIENT, HIDDEN_LINE, RC, SIGNAL, true_minus
from lstm_inside.words import say

_XS, _START = (0.8, 0.2), 0.4  # the inputs and the state before them, as in the page's cell
_H = {0: (0, 0), 1: (4, 0), 2: (8, 0)}
_A = {1: (2.2, 0), 2: (6.2, 0)}
_LOSS, _WEIGHTS = (9.5, 1.7), (4.2, -1.4)


def two_steps_explorer() -> Explorer:
    """The gradient walks back through two steps of an RNN of one unit, arrow by arrow.

    The loss is h_2, or, with the arrow from L to h_1, h_1 + h_2; each of the two arrows that end
    in h_1 can be taken out.
    """
    with matplotlib.rc_context(RC):
        figure = picture(940, 390)
        ax = figure.subplots()
        ax.set(xlim=(-0.4, 9.9), ylim=(-2.15, 2.75), xticks=(), yticks=())
        ax.set_axis_off()
        ax.set_title(say("Two steps of an RNN: what each way back multiplies the gradient by"))
        direct, from_2 = _draw(ax)
        numbers = _places(ax)

    def update(w, walked, from_loss, from_step_2):
        params = RNNParams(np.ones((1, 1)), np.full((1, 1), w), np.zeros(1))
        trace = rnn_forward(np.array(_XS).reshape(2, 1, 1), params, np.full((1, 1), _START))
        dhs = np.array([float(from_loss), 1.0]).reshape(2, 1, 1)
        # without the arrow from step 2 the walk is cut after each step
        grads = truncated_backward(dhs, trace, params, 2 if from_step_2 else 1)
        (dh_0, dh_1, dh_2), h = grads.h[:, 0, 0], trace.h[:, 0, 0]
        da_1, da_2 = grads.xs[:, 0, 0]  # W_x is 1
        v = {
            "dh_2": dh_2, "da_2": da_2, "back": dh_1 - dhs[0, 0, 0], "direct": dhs[0, 0, 0],
            "dh_1": dh_1, "da_1": da_1, "dh_0": dh_0, "part_2": da_2 * h[1],
            "part_1": da_1 * h[0], "dw": grads.params.W_h[0, 0], "walked": walked,
        }  # fmt: skip
        for artist in direct:
            artist.set_visible(from_loss)
        for artist in from_2:
            artist.set_visible(from_step_2)
        hidden = {"direct": not from_loss, "back": not from_step_2}
        for key, (first, before, words) in numbers.items():
            shown = walked >= first and not hidden.get(key)
            words.set_text(before + true_minus(f"{v[key]:.3f}") if shown else "")
        return v

    def describe(v):
        words = say("The loss gives h_2 the gradient {dh_2:.3f}.", **v)
        if v["walked"] > 1:
            words += say(" Times the slope of tanh that makes da_2 = {da_2:.3f}.", **v)
        if v["walked"] > 2:
            words += say(
                " To h_1 come {direct:.3f} from the loss and {back:.3f} from step 2, together "
                "{dh_1:.3f}.",
                **v,
            )
        if v["walked"] > 3:
            words += say(
                " Then da_1 = {da_1:.3f}, and the weight W_h gets {part_2:.3f} from step 2 and "
                "{part_1:.3f} from step 1: {dw:.3f}.",
                **v,
            )
        return words

    return Explorer(
        "two_steps",
        figure=figure,
        controls={
            "w": slider("the weight W_h", -1.5, 1.5, 0.1, 0.5, quantity="h", digits=1),
            "walked": whole("steps of the walk", 1, 5, 5, quantity="gradient"),
            "from_loss": toggle("arrow from L to h₁", True),
            "from_step_2": toggle("arrow from a₂ to h₁", True),
        },
        presets={
            "both arrows to h₁": {},
            "none from L": {"from_loss": False},
            "none from a₂": {"from_step_2": False},
        },
        stays=("w", "walked"),
        redraw_on=("from_loss", "from_step_2"),
        moving=[words for _, _, words in numbers.values()],
        update=update,
        describe=describe,
        play="walked",
        interval=1200,
    )


def _draw(ax):
    """All that stands still; returns what belongs to the arrows L to h_1 and a_2 to h_1."""
    removable = {}
    for t in (1, 2):
        x = (_A[t][0], 1.5)
        label, bend = (((9.3, 0.6), 0.0), ((7.0, 2.35), 0.5))[t == 1]
        removable["direct", t] = back(ax, _LOSS, _H[t], GRADIENT, say("direct"), "4.1", label, bend)
        factor = rf"$\times\,(1-h_{t}^2)$"
        back(ax, _H[t], _A[t], PRE_ACTIVATION, factor, "4.2", (_A[t][0] + 0.8, 0.3))
        factor = r"$\cdot\,W_h^{\top}$"
        removable["back", t] = back(
            ax, _A[t], _H[t - 1], HIDDEN_LINE, factor, "4.3", (_A[t][0] - 1.2, 0.3)
        )
        back(ax, _A[t], x, SIGNAL, r"$\cdot\,W_x^{\top}$", "4.4", (x[0] - 0.75, 0.85))
        above = (_WEIGHTS[0], -1.2)  # where no tip touches the letters
        part = rf"$x_{t}^{{\top}} da_{t},\; h_{t - 1}^{{\top}} da_{t},\; \Sigma\, da_{t}$"
        place = (_A[t][0] + (-0.35 if t == 1 else 0.55), -0.85)
        back(ax, _A[t], above, WEIGHTS, part, "4.5", place)
        node(ax, x, f"x$_{t}$")
        node(ax, _A[t], f"a$_{t}$")
    for t, place in _H.items():
        node(ax, place, f"h$_{t}$")
    node(ax, _LOSS, "L")
    node(ax, _WEIGHTS, "W$_x$ W$_h$ b", size=0)
    return removable["direct", 1], removable["back", 2]


def _places(ax):
    """The numbers: key -> the step of the walk that brings it, what stands before it, its place."""

    def words(x, y, colour, **looks):
        return Words(ax, x, y, fontsize=13, color=colour, **looks)

    return {
        "dh_2": (1, "", words(8, -0.5, GRADIENT, weight="bold")),
        "da_2": (2, "", words(7.1, -0.27, PRE_ACTIVATION)),
        "back": (3, "", words(5.1, -0.27, HIDDEN_LINE)),
        "direct": (3, "", words(4.5, 1.5, GRADIENT)),
        "dh_1": (3, "", words(4, -0.5, GRADIENT, weight="bold")),
        "da_1": (4, "", words(3.1, -0.27, PRE_ACTIVATION)),
        "part_2": (4, "h₁ da₂ = ", words(6.6, -1.2, WEIGHTS)),
        "part_1": (4, "h₀ da₁ = ", words(1.8, -1.2, WEIGHTS)),
        "dw": (4, "dW_h = ", words(4.2, -1.85, WEIGHTS, weight="bold")),
        "dh_0": (5, "", words(1.1, -0.27, HIDDEN_LINE)),
    }
