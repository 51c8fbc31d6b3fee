"""Notebook 04's views of the gradient in drawn networks: the microscope, and truncation."""

from functools import lru_cache
from typing import NamedTuple

import matplotlib
import numpy as np

from lstm_core import (
    LSTMGrads,
    LSTMParams,
    LSTMTrace,
    init_lstm,
    init_rnn,
    lstm_backward,
    lstm_forward,
    rnn_backward,
    rnn_forward,
    split_gates,
)
from lstm_inside.bptt.shares import split_way, truncated_at_every, truncated_backward
from lstm_inside.page import Explorer, slider, toggle, whole
from lstm_inside.page.measure import step_lengths
from lstm_inside.page.style import CELL_LINE, FORGET, GRADIENT, RC, picture
from lstm_inside.tasks import eeg

DASHED = (0, (4, 2.5))
RNN_LINE = "#777777"
LABEL = {
    "fontsize": 11.5,
    "weight": "bold",
    "bbox": {"fc": "white", "ec": "none", "pad": 1, "alpha": 0.85},
}
_FLOOR = 1e-30  # below every log axis here


class _Pair:
    """An RNN and an LSTM of the same size on the same EEG, as `init_*` drew them, untrained."""

    def __init__(self, units, draw=4):
        rng = np.random.default_rng(draw)
        self.rnn = init_rnn(4, units, rng=rng)
        self.lstm = init_lstm(4, units, rng=rng)

    def run(self, xs, b_f, strength):
        """(RNN parameters, trace), (LSTM parameters, trace) with these two settings."""
        rnn = self.rnn._replace(W_h=self.rnn.W_h * strength)
        b = self.lstm.b.copy()
        split_gates(b)[1][:] = b_f
        lstm = self.lstm._replace(W_h=self.lstm.W_h * strength, b=b)
        return (rnn, rnn_forward(xs, rnn)), (lstm, lstm_forward(xs, lstm))


def _draw(line, t, sizes):
    """Put sizes on a log axis: a tiny one leaves at the lower edge, an exact 0 is a gap."""
    line.set_data(t, np.where(sizes > 0, np.maximum(sizes, _FLOOR), np.nan))


def name_lines(ax, *names):
    """Direct labels inside the axes: (x, y, words, colour), as shares of its width and height."""
    for x, y, words, colour in names:
        ax.text(x, y, words, color=colour, transform=ax.transAxes, va="top", zorder=6, **LABEL)


def _settings(b_f=1.0, strength=1.0):
    """The two sliders that every explorer here has."""
    return {
        "b_f": slider("LSTM's forget bias b_f", -4, 8, 0.1, b_f, quantity="f", digits=1),
        "strength": slider("recurrent: × W_h (both)", 0, 6, 0.1, strength, quantity="h", digits=1),
    }


# ---------------------------------------------------------------- the microscope


def gradient_flow_explorer(longest=100, units=8) -> Explorer:
    """Size of dL/dh_t and dL/dc_t at every step, RNN and LSTM, and the pure carousel's share.

    The networks are untrained, the RNN's W_h drawn in two ways. The loss is the sum of the
    last hidden state's units, or, with the box ticked, of every step's.
    """
    pair, record = _Pair(units), eeg(100, longest)[:, None, :]
    kept = init_rnn(4, units, rng=np.random.default_rng(4), recurrent="orthogonal")

    with matplotlib.rc_context(RC):
        figure = picture(940, 520)
        ax = figure.subplot_mosaic([["flow", "flow"], ["share", "gates"]], height_ratios=(6, 5))
        ax["flow"].set(xlim=(0, longest), yscale="log", ylim=(1e-14, 1e6))
        ax["flow"].set_title("How large the gradient is at step t")
        ax["share"].set(xlim=(0, longest), yscale="log", ylim=(1e-6, 30), xlabel="step t")
        ax["share"].set_title("How much of dL/dc the cell line alone explains")
        ax["share"].axhline(1, color="#999999", lw=1.2)
        ax["gates"].set(xlim=(0, longest), ylim=(-0.03, 1.12), xlabel="step t")
        ax["gates"].set_title("LSTM's forget gates, and their mean")
        name_lines(
            ax["flow"],
            (0.02, 0.97, "RNN dL/dh, uniform W$_h$ (dashed)", RNN_LINE),
            (0.35, 0.97, "orthogonal W$_h$ (dotted)", RNN_LINE),
            (0.61, 0.97, "LSTM dL/dh", GRADIENT),
            (0.76, 0.97, "LSTM dL/dc", CELL_LINE),
        )
        name_lines(
            ax["share"],
            (0.02, 0.97, "all of it: 1", "#888888"),
            (0.4, 0.97, "the cell line's share", FORGET),
        )
        last = {"marker": "o", "ms": 4, "markevery": [-1]}  # all there is where W_h is 0
        (rnn_h,) = ax["flow"].plot([], [], color=RNN_LINE, ls=DASHED, **last)
        (kept_h,) = ax["flow"].plot([], [], color=RNN_LINE, ls=":", **last)
        (lstm_h,) = ax["flow"].plot([], [], color=GRADIENT, **last)
        (lstm_c,) = ax["flow"].plot([], [], color=CELL_LINE)
        (whole_way,) = ax["share"].plot([], [], color=FORGET, lw=3)
        gates = [ax["gates"].plot([], [], color=FORGET, lw=1, alpha=0.3)[0] for _ in range(units)]
        (mean,) = ax["gates"].plot([], [], color=FORGET, lw=3)

    def update(b_f, strength, T, every):
        xs = record[:T]
        (rnn, rnn_trace), (lstm, trace) = pair.run(xs, b_f, strength)
        dhs = np.full((T, 1, units), 1.0 if every else 0.0)
        dhs[-1] = 1
        back, grads = rnn_backward(dhs, rnn_trace, rnn), lstm_backward(dhs, trace, lstm)
        orthogonal = kept._replace(W_h=kept.W_h * strength)
        kept_back = rnn_backward(dhs, rnn_forward(xs, orthogonal), orthogonal)
        v = {"rnn_dh": step_lengths(back.h), "orthogonal_dh": step_lengths(kept_back.h)}
        v |= {"dh": step_lengths(grads.h), "dc": step_lengths(grads.c)}
        v["carousel"] = step_lengths(split_way(dhs, trace, grads).carousel)
        v["share"] = v["carousel"] / np.where(v["dc"] > 0, v["dc"], np.inf)
        t = np.arange(T + 1)
        for line, key in (
            (rnn_h, "rnn_dh"), (kept_h, "orthogonal_dh"), (lstm_h, "dh"), (lstm_c, "dc"),
            (whole_way, "share"),
        ):  # fmt: skip
            _draw(line, t, v[key])
        for unit, gate in enumerate(gates):
            gate.set_data(t[1:], trace.f[:, 0, unit])
        mean.set_data(t[1:], trace.f[:, 0].mean(axis=-1))
        return v | {"T": T, "every": every, "f": float(trace.f.mean())}

    def describe(v):
        back = {key: v[key][0] / v[key][-1] for key in ("rnn_dh", "orthogonal_dh", "dc")}
        words = (
            f"The gradient at step 0 is {back['rnn_dh']:.2g} times that at step {v['T']} in the "
            f"RNN with a uniform W_h, {back['orthogonal_dh']:.2g} times with an orthogonal one, "
            f"and {back['dc']:.2g} times in the LSTM (dL/dc). The pure carousel has "
            f"{v['share'][0]:.2g} of the length of dL/dc_0. Mean forget gate {v['f']:.2f}."
        )
        if v["every"]:
            words += " Every step's own loss adds to it."
        return words + (" No line: exactly 0." if back["rnn_dh"] == 0 else "")

    return Explorer(
        "gradient_flow",
        figure=figure,
        controls={
            **_settings(),
            "T": whole("length T", 20, longest, longest, quantity="x"),
            "every": toggle("a loss at every step, not only the last"),
        },
        presets={
            "as drawn": {},
            "gates nearly open": {"b_f": 6},
            "gates nearly shut": {"b_f": -4},
            "no way through W_h": {"strength": 0},
        },
        moving=[*gates, mean, whole_way, rnn_h, kept_h, lstm_h, lstm_c],
        update=update,
        describe=describe,
    )


# ---------------------------------------------------------------- truncation


class _Cuts(NamedTuple):
    """An LSTM's full gradient, and (steps, 2) for each network: cosine, ratio of lengths by k."""

    dhs: np.ndarray
    trace: LSTMTrace
    lstm: LSTMParams
    full: LSTMGrads
    lstm_near: np.ndarray
    rnn_near: np.ndarray


def _measure_cuts(steps, units, draw, b_f, strength=1.0, last=False) -> _Cuts:
    """How near the gradients cut every k = 1 ... steps come to the full ones, for one draw."""
    xs = eeg(100, steps)[:, None, :]
    target = np.random.default_rng(6).uniform(-0.5, 0.5, (steps, 1, units))
    weight = np.where(np.arange(steps) < steps - 1, 0 if last else 1, 1)[:, None, None]
    near = []
    for (params, trace), backward in zip(
        _Pair(units, draw).run(xs, b_f, strength), (rnn_backward, lstm_backward), strict=True
    ):
        dhs = weight * (trace.h[1:] - target)  # L = sum of 1/2 weight (h - target)^2
        full = backward(dhs, trace, params)
        cuts = truncated_at_every(dhs, trace, params)
        flat = np.concatenate([p.reshape(steps, -1) for p in cuts], axis=1)
        whole = np.concatenate([p.ravel() for p in full.params])
        lengths, length = np.linalg.norm(flat, axis=1), max(np.linalg.norm(whole), _FLOOR)
        there = np.where(lengths > 0, lengths, np.inf) * length
        near.append(np.stack([flat @ whole / there, lengths / length], axis=1))
    return _Cuts(dhs, trace, params, full, near[1], near[0])


def cut_cosines(b_f, draws=20, steps=48, units=6) -> np.ndarray:
    """Cosine of the LSTM's gradient cut every k steps with the full one, (draws, steps).

    Row n holds k = 1 ... steps for the weights drawn from seed n, as `truncation_explorer`
    shows them one draw at a time. b_f: the forget bias.
    """
    return np.stack([_measure_cuts(steps, units, n, b_f).lstm_near[:, 0] for n in range(draws)])


def truncation_explorer(steps=48, units=6) -> Explorer:
    """Truncated against full BPTT: the gradient that survives the cuts, and its direction.

    The loss is half the squared distance of h_t from random targets, at every step or, with
    the box ticked, at the last. `k` moves the cuts; the curves show every k.
    """
    every_k = np.arange(1, steps + 1)

    with matplotlib.rc_context(RC):
        figure = picture(940, 360)
        flow, near = figure.subplots(1, 2)
        flow.set(xlim=(0, steps + 1), yscale="log", ylim=(1e-3, 1e2), xlabel="step t")
        flow.set_title("LSTM's dL/dc at step t, cut every k steps")
        near.set(xlim=(0.5, steps + 0.5), ylim=(-1.05, 1.75), xlabel="k: steps a chunk")
        near.set_title("How near the cut gradient is to the full one")
        near.set_xticks(range(6, steps + 1, 6))
        near.axhline(1, color="#999999", lw=1.2)
        name_lines(flow, (0.02, 0.98, "full", "#999999"), (0.13, 0.98, "cut", CELL_LINE))
        name_lines(
            near,
            (0.02, 0.98, "LSTM: cosine", GRADIENT),
            (0.29, 0.98, "length ratio", CELL_LINE),
            (0.62, 0.98, "RNN: cosine (dashed)", RNN_LINE),
        )
        (full_line,) = flow.plot([], [], color="#bbbbbb", lw=5)
        (cut_line,) = flow.plot([], [], color=CELL_LINE, marker="o", ms=4)
        (rnn_cosine,) = near.plot([], [], color=RNN_LINE, ls=DASHED, lw=1.6)
        (cosine,) = near.plot([], [], color=GRADIENT, marker="o", ms=3.5)
        (ratio,) = near.plot([], [], color=CELL_LINE, lw=1.6)
        at_k = near.axvline(1, color="#111111", lw=1.1, ls=(0, (3, 2)))

    @lru_cache(maxsize=4)  # moving the cuts measures only these cuts
    def measure(draw, b_f, strength, last):
        return _measure_cuts(steps, units, draw, b_f, strength, last)

    def update(b_f, strength, k, draw, last):
        cuts = measure(draw, b_f, strength, last)
        cut = truncated_backward(cuts.dhs, cuts.trace, cuts.lstm, k)
        dc, cut_dc = step_lengths(cuts.full.c), step_lengths(cut.c)
        _draw(full_line, np.arange(steps + 1), dc)
        _draw(cut_line, np.arange(steps + 1), cut_dc)
        cosine.set_data(every_k, cuts.lstm_near[:, 0])
        ratio.set_data(every_k, cuts.lstm_near[:, 1])
        rnn_cosine.set_data(every_k, cuts.rnn_near[:, 0])
        at_k.set_xdata([k, k])
        return {
            "k": k, "cosine": cuts.lstm_near[k - 1, 0], "ratio": cuts.lstm_near[k - 1, 1],
            "dc": dc, "cut_dc": cut_dc, "lstm": cuts.lstm_near, "rnn": cuts.rnn_near,
        }  # fmt: skip

    def describe(v):
        every = f"every {v['k']} steps" if v["k"] > 1 else "after every step"
        return (
            f"Cut {every}, the LSTM's gradient has {v['ratio']:.2f} of the full "
            f"one's length and cosine {v['cosine']:.3f} with it."
        )

    return Explorer(
        "truncation",
        figure=figure,
        controls={
            **_settings(b_f=4.0),
            "k": whole("cut every k steps", 1, steps, 8, quantity="x"),
            "draw": whole("draw of the weights", 0, 19, 0, quantity="h"),
            "last": toggle("a loss at the last step only"),
        },
        presets={
            "long memory": {},
            "short memory": {"b_f": -2},
            "the worst of 20 draws": {"draw": 4},
            "loss at the end only": {"last": True},
        },
        moving=[full_line, cut_line, rnn_cosine, cosine, ratio, at_k],
        update=update,
        describe=describe,
    )
