"""The view of notebook 04's find-the-bug lab: a backward pass under the microscope."""

import matplotlib
import numpy as np
from matplotlib.colors import ListedColormap

from lstm_core import LSTMParams, lstm_backward, lstm_forward
from lstm_inside.bptt.faults import PATIENTS
from lstm_inside.page import Explorer, Pixels, Words, choice, whole
from lstm_inside.page.style import BLOCKS, GATES, RC, SIZE, picture, true_minus
from lstm_inside.words import say

_STEPS = 3  # the last, the one before it, and one to which an error spreads
_COLUMNS = (0.36, 0.72)  # right ends of the table's two, as shares of its width
_MAP = ListedColormap(SIZE([0, 0.45, 0.95]))
_LARGE = 0.1  # an error that the map draws dark
_W_X = np.array([[0.9, 0.6, 1.3, 0.8]])
_W_H = np.array([[1.1, -0.9, 1.4, 1.2]])
_BIAS = np.array([0.4, 1.0, 0.3, 0.2])
_XS = np.random.default_rng(20).uniform(-1, 1.4, 12)
_DH_LAST, _DC_LAST, _STEP = 1.0, 0.5, 1e-5
_HIDDEN_SHARE = 1e-4  # of the largest entry: below it, errors are taken relative to it


def _case(T, b_f, start):
    """One unit over T steps; four more inputs, all zero, stand for a bias of each step's own.

    Their weights are the unit matrix, so a derivative by them is dL/da_t (4.12).
    """
    b = _BIAS.copy()
    b[1] = b_f
    xs = np.zeros((T, 1, 5))
    xs[:, 0, 0] = _XS[:T]
    params = LSTMParams(np.vstack([_W_X, np.eye(4)]), _W_H, b)
    return xs, params, np.array([[0.4 * start]]), np.array([[start]])


def _by_differences(xs, params, h0, c0):
    """dL/da_t (T, 4) by central differences, all nudges in one batch."""
    T, n = len(xs), len(xs) * 4
    nudged = np.repeat(xs, 2 * n, axis=1)
    nudge = np.zeros((2, n, T, 4))
    nudge[0].reshape(n, n)[:] = _STEP * np.eye(n)
    nudge[1] = -nudge[0]
    nudged[:, :, 1:] += nudge.reshape(2 * n, T, 4).swapaxes(0, 1)
    starts = (np.repeat(s, 2 * n, axis=0) for s in (h0, c0))
    trace = lstm_forward(nudged, params, *starts)
    loss = (_DH_LAST * trace.h[-1] + _DC_LAST * trace.c[-1]).reshape(2, n)
    return ((loss[0] - loss[1]) / (2 * _STEP)).reshape(T, 4)


def examine_steps(letter, T, b_f=1.0, start=1.0, call=1):
    """A patient's dL/da_t, the true one and finite differences, (T, 4) each, blocks i f g o.

    call: which visit; every visit hands over the same arrays, made once.
    """
    xs, params, h0, c0 = _case(T, b_f, start)
    trace = lstm_forward(xs, params, h0, c0)
    dhs, dc_last = np.zeros((T, 1, 1)), np.full((1, 1), _DC_LAST)
    dhs[-1] = _DH_LAST
    true = lstm_backward(dhs, trace, params, dc_last).xs[:, 0, 1:]
    for _ in range(call):
        given = PATIENTS[letter](dhs, trace, params, dc_last).xs[:, 0, 1:]
    return given, true, _by_differences(xs, params, h0, c0)


def relative_errors(given, numeric):
    """|given - numeric| relative to |numeric|, or to a small share of its largest entry."""
    size = np.abs(numeric)
    return np.abs(given - numeric) / np.maximum(size, _HIDDEN_SHARE * size.max())


def patient_explorer() -> Explorer:
    """A faulty backward pass held against finite differences, a map of all steps and blocks."""
    with matplotlib.rc_context(RC):
        figure = picture(940, 340)
        axes = figure.subplot_mosaic([["map", "table"]], width_ratios=(6, 5))
        image = Pixels.on(axes["map"], np.zeros((4, _STEPS)), cmap=_MAP, vmin=-0.5, vmax=2.5)
        axes["map"].set(
            xticks=range(_STEPS), xticklabels=range(1, _STEPS + 1),
            yticks=range(4), yticklabels="ogfi",
            xlabel=say("step t, {T} is the last (orange line: the numbers on the right)", T=_STEPS),
        )  # fmt: skip
        axes["map"].set_title(
            say("Error, relative to the true value (0: the patient says exactly 0)")
        )
        bar = figure.colorbar(image, ax=axes["map"], pad=0.02, aspect=12)
        bar.set_ticks(range(3), labels=[say("agrees"), "< 10%", "≥ 10%"])
        axes["map"].spines[:].set_visible(True)
        bar.ax.tick_params(labelsize=10)
        axes["table"].set_axis_off()
        axes["table"].set(xlim=(0, 1), ylim=(0, 1))
        heading, cells = _draw_table(axes["table"])
        cursor = axes["map"].axvline(0, color="#B34700", lw=2)
        (zeros,) = axes["map"].plot([], [], ls="", marker="$0$", ms=13, color="#F0E442", mew=0.4)

    def update(patient, call, t):
        given, true, numeric = examine_steps(patient, _STEPS, call=call)
        errors = relative_errors(given, numeric)
        wrong = errors > 1e-4
        image.set_data((wrong.astype(float) + (errors > _LARGE)).T[::-1])
        t_zero, n_zero = np.nonzero(given == 0)
        zeros.set_data(t_zero, len(BLOCKS) - 1 - n_zero)
        cursor.set_xdata([t - 1, t - 1])
        here = {"patient": patient, "call": call, "t": t}
        if t == _STEPS:
            said = say("Patient {patient}, visit {call}, t = {t}, the last step", **here)
        else:
            said = say("Patient {patient}, visit {call}, t = {t}", **here)
        heading.set_text(said)
        for n, row in enumerate(cells):
            for cell, numbers in zip(row, (given, numeric), strict=True):
                cell.set_text(_entry(numbers[t - 1, n]))
        return {
            "patient": patient, "given": given, "true": true, "numeric": numeric,
            "errors": errors, "wrong": wrong, "call": call, "t": t,
        }  # fmt: skip

    def describe(v):
        return say(
            "Patient {patient}, visit {call}. Wrong at the last step: {last}. Wrong just before "
            "it: {before}.",
            patient=v["patient"],
            call=v["call"],
            last=_wrong_blocks(v, -1),
            before=_wrong_blocks(v, -2),
        )

    return Explorer(
        "patients",
        figure=figure,
        controls={
            "patient": choice(
                "patient", [(say("patient {letter}", letter=p), p) for p in PATIENTS], "A"
            ),
            "call": whole("visit, same arrays", 1, 3, 1),
            "t": whole("numbers at step t", 1, _STEPS, _STEPS - 1),
        },
        moving=[
            image,
            cursor,
            zeros,
            heading,
            *(cell for row in cells for cell in row),
        ],
        update=update,
        describe=describe,
    )


def _draw_table(ax):
    """The table's still part, its heading, and its four rows of two numbers."""
    heading = Words(ax, 0, 0.94, ha="left", fontsize=12, color="#444444")
    heads = say("dL/da: the patient's"), say("by nudging")
    for x, words in zip(_COLUMNS, heads, strict=True):
        ax.text(x, 0.77, words, color="#444444", fontsize=12, ha="right", va="center")
    cells = []
    for y, name in zip((0.6, 0.43, 0.26, 0.09), BLOCKS, strict=True):
        colour = GATES[name].line
        ax.text(0.02, y, f"da$_{name}$", color=colour, fontsize=12, va="center")
        cells.append([Words(ax, x, y, ha="right", fontsize=12, color=colour) for x in _COLUMNS])
    return heading, cells


def _entry(size):
    """A number of the table: five places, but a tiny one, which is not 0, by its power of ten."""
    words = "0" if size == 0 else f"{size:+.5f}" if abs(size) >= 1e-5 else f"{size:+.1e}"
    return true_minus(words)


def _wrong_blocks(v, t):
    """The blocks that are wrong at a step, in words, and then those that are exactly 0."""
    wrong = [name for name, off in zip("ifgo", v["wrong"][t], strict=True) if off]
    zeros = [n for n, given in zip("ifgo", v["given"][t], strict=True) if given == 0 and n in wrong]
    names = say(", ").join(wrong) or say("none")
    if not zeros:
        return names
    return say("{names}; exactly 0: {zeros}", names=names, zeros=say(", ").join(zeros))
