"""Notebook 04's views of the gradient in drawn networks: the microscope, and truncation."""

from functools import lru_cache, partial
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
from lstm_inside import validate
from lstm_inside.bptt.shares import split_way, truncated_at_every, truncated_backward
from lstm_inside.page import Explorer, Words, slider, toggle, whole
from lstm_inside.page.measure import step_lengths
from lstm_inside.page.style import CELL_LINE, FORGET, GRADIENT, RC, picture, true_minus
from lstm_inside.tasks import eeg
from lstm_inside.words import say

DASHED = (0, (4, 2.5))
RNN_LINE = "#777777"
LABEL = {
    "fontsize": 11.5,
    "weight": "bold",
    "bbox": {"fc": "white", "ec": "none", "pad": 1, "alpha": 0.85},
}
_FLOOR = 1e-30  # below every log axis here
_SMALLEST = 1e-290  # of a gradient that something is divided by


def _opened(lstm, b_f, strength):
    """The LSTM with b_f added to its forget bias, and its W_h times a factor."""
    b = lstm.b.copy()
    split_gates(b)[1][:] += b_f
    return lstm._replace(W_h=lstm.W_h * lstm.W_h.dtype.type(strength), b=b)


def _part(some, grads):
    """What part of a gradient (T+1, B, H) some of its paths make: their projection on it.

    1: just as long in that direction; 0: none, or at a right angle; below 0: against it. NaN
    beside a gradient that is too small for the division.
    """
    some, grads = np.asarray(some, float), np.asarray(grads, float)
    largest = np.abs(grads).max(axis=(1, 2))
    seen = largest > _SMALLEST
    scale = np.where(seen, largest, 1)[:, None, None]
    square = ((grads / scale) ** 2).sum(axis=(1, 2))
    along = (some / scale * (grads / scale)).sum(axis=(1, 2))
    return np.where(seen, along / np.where(seen, square, 1), np.nan)


def _draw(line, t, sizes):
    """Put sizes on a log axis: a tiny one leaves at the lower edge, an exact 0 is a gap."""
    line.set_data(t, np.where(sizes > 0, np.maximum(sizes, _FLOOR), np.nan))


def name_lines(ax, *names):
    """Direct labels inside the axes: (x, y, words, colour), as shares of its width and height."""
    for x, y, words, colour in names:
        ax.text(x, y, words, color=colour, transform=ax.transAxes, va="top", zorder=6, **LABEL)


def _settings(b_f, words="LSTM's forget bias b_f"):
    """The two sliders that both explorers here have."""
    return {
        "b_f": slider(words, -4, 8, 0.1, b_f, quantity="f", digits=1),
        "strength": slider("recurrent: × W_h", 0, 6, 0.1, 1, quantity="h", digits=1),
    }


# ---------------------------------------------------------------- the microscope


def gradient_flow_explorer(params=None, xs=None, rnn=None) -> Explorer:
    """Size of dL/dh_t and dL/dc_t at every step, RNN and LSTM, and the pure carousel's part.

    The loss is the sum of the last hidden state's units, or, with the box ticked, of every
    step's. Without arguments: 8 untrained units, an RNN's W_h drawn in two ways, 100 steps of EEG.
    Yours: LSTM params, xs (T, B, D) with T >= 2, and, if you like, RNNParams of as many inputs;
    the first slider then adds to the forget bias that you give, and lengths are over the batch:

        gradient_flow_explorer(params=LSTMParams(W_x, W_h, b), xs=series, rnn=RNNParams(W, U, b_1))

    Raises ValueError or TypeError as `lstm_forward` and, after "rnn: ", `rnn_forward` do, and for
    several layers or two directions, which `sequence_explorer` takes.
    """
    own = params is not None
    lstm, rnns = _networks(params, rnn)
    trace = lstm_forward(eeg(100, 100)[:, None, :] if xs is None else xs, lstm)
    longest, _, units = trace.tanh_c.shape
    record = trace.xs
    if longest < 2:
        raise ValueError(f"xs: expected T >= 2 in (T, B, D), got shape {record.shape}")
    for plain in rnns.values():
        validate.said_of("rnn", rnn_forward, record, plain)

    with matplotlib.rc_context(RC):
        figure = picture(940, 520)
        ax = figure.subplot_mosaic([["flow", "flow"], ["part", "gates"]], height_ratios=(6, 5))
        ax["flow"].set(xlim=(0, longest), yscale="log", ylim=(1e-14, 1e6))
        ax["flow"].set_title(say("How large the gradient is at step t (below the frame: < 10⁻¹⁴)"))
        ax["flow"].set_ylabel(say("length"))
        ax["part"].set(
            xlim=(0, longest), ylim=(-0.6, 1.8), yticks=(0, 0.5, 1), xlabel=say("step t")
        )
        ax["part"].set_title(say("The pure carousel's part of dL/dc"))
        ax["part"].axhline(1, color="#999999", lw=1.2)
        ax["part"].axhline(0, color="#999999", lw=1.2)
        ax["gates"].set(xlim=(0, longest), ylim=(-0.03, 1.12), xlabel=say("step t"))
        ax["gates"].set_title(say("LSTM's forget gates, and their mean"))
        labels = {
            "rnn_dh": (
                0.02,
                say("RNN dL/dh (dashed)")
                if rnn is not None
                else say("RNN dL/dh, uniform W$_h$ (dashed)"),
            ),
            "orthogonal_dh": (0.35, say("RNN, orthogonal W$_h$ (dotted)")),
        }
        last = {"marker": "o", "ms": 4, "markevery": [-1]}  # all there is where W_h is 0
        plain_lines = {}
        for key, style in zip(rnns, (DASHED, ":"), strict=False):
            x, words = labels[key]
            name_lines(ax["flow"], (x, 0.97, words, RNN_LINE))
            (plain_lines[key],) = ax["flow"].plot([], [], color=RNN_LINE, ls=style, **last)
        name_lines(
            ax["flow"],
            (0.61, 0.97, say("LSTM dL/dh"), GRADIENT),
            (0.76, 0.97, say("LSTM dL/dc"), CELL_LINE),
        )
        name_lines(
            ax["part"],
            (0.02, 0.97, say("1: the other ways add up to 0. Above: they cancel some"), "#777777"),
        )
        setting = Words(ax["flow"], 1, 1.035, ha="right", fontsize=12, color="#444444",
                        transform=ax["flow"].transAxes)  # fmt: skip
        (lstm_h,) = ax["flow"].plot([], [], color=GRADIENT, **last)
        (lstm_c,) = ax["flow"].plot([], [], color=CELL_LINE)
        (part,) = ax["part"].plot([], [], color=CELL_LINE, lw=3)
        gates = [ax["gates"].plot([], [], color=FORGET, lw=1, alpha=0.3)[0] for _ in range(units)]
        (mean,) = ax["gates"].plot([], [], color=FORGET, lw=3)

    def update(b_f, strength, T, every):
        gated, xs = _opened(lstm, b_f, strength), record[:T]
        trace = lstm_forward(xs, gated)
        dhs = _at_the_end(trace.h[1:], every)
        grads = lstm_backward(dhs, trace, gated)
        pure = split_way(dhs, trace, grads).carousel
        v = {"dh": step_lengths(grads.h), "dc": step_lengths(grads.c), "part": _part(pure, grads.c)}
        t = np.arange(T + 1)
        for key, line in plain_lines.items():
            plain = rnns[key]
            plain = plain._replace(W_h=plain.W_h * plain.W_h.dtype.type(strength))
            was = rnn_forward(xs, plain)
            v[key] = step_lengths(rnn_backward(_at_the_end(was.h[1:], every), was, plain).h)
            _draw(line, t, v[key])
        _draw(lstm_h, t, v["dh"])
        _draw(lstm_c, t, v["dc"])
        part.set_data(t, v["part"])
        for unit, gate in enumerate(gates):
            gate.set_data(t[1:], trace.f[:, :, unit].mean(axis=1))
        mean.set_data(t[1:], trace.f.mean(axis=(1, 2)))
        bias = f"b_f {b_f:+.1f}" if own else f"b_f = {b_f:.1f}"
        setting.set_text(true_minus(f"{bias}   W_h × {strength:.1f}"))
        return v | {"T": T, "every": every, "f": float(trace.f.mean())}

    def describe(v):
        back = {key: v[key][0] / v[key][-1] for key in (*plain_lines, "dc")}
        values = {**back, "T": v["T"], "part": v["part"][0], "f": v["f"]}
        if len(plain_lines) == 2:
            words = say(
                "The gradient at step 0 is {dc:.2g} times that at step {T} in the LSTM (dL/dc), "
                "{rnn_dh:.2g} times in the RNN with a uniform W_h, {orthogonal_dh:.2g} times in "
                "the one with an orthogonal W_h. The pure carousel makes {part:.2g} of dL/dc_0. "
                "Mean forget gate {f:.3f}.",
                **values,
            )
        elif plain_lines:
            words = say(
                "The gradient at step 0 is {dc:.2g} times that at step {T} in the LSTM (dL/dc), "
                "{rnn_dh:.2g} times in the RNN. The pure carousel makes {part:.2g} of dL/dc_0. "
                "Mean forget gate {f:.3f}.",
                **values,
            )
        else:
            words = say(
                "The gradient at step 0 is {dc:.2g} times that at step {T} in the LSTM (dL/dc). "
                "The pure carousel makes {part:.2g} of dL/dc_0. Mean forget gate {f:.3f}.",
                **values,
            )
        if v["every"]:
            words += say(" Every step's own loss adds to it.")
        return words + (say(" No line: exactly 0.") if 0 in back.values() else "")

    start = 0.0 if own else 6.0
    explorer = partial(
        Explorer,
        "gradient_flow",
        figure=figure,
        controls={
            **_settings(
                start, say("add to the forget bias") if own else say("LSTM's forget bias b_f")
            ),
            "T": whole("length T", min(20, longest - 1), longest, longest, quantity="x"),
            "every": toggle("a loss at every step, not only the last"),
        },
        moving=[*gates, mean, part, *plain_lines.values(), lstm_h, lstm_c, setting],
        update=update,
        describe=describe,
        stays=("every",),
    )
    if own:
        return explorer(
            presets={
                "as given": {},
                "gates more open": {"b_f": 4},
                "no way through W_h": {"strength": 0},
            }
        )
    return explorer(
        presets={
            "gates nearly open": {},
            "forget bias 1 (f ≈ 0.73)": {"b_f": 1},
            "gates nearly shut": {"b_f": -4},
            "no way through W_h": {"strength": 0},
        }
    )


def _networks(params, rnn):
    """The microscope's LSTM, and its RNNs by the key of what is measured of them."""
    if params is None:
        rng = np.random.default_rng(5)  # a draw near the middle of twenty
        drawn = init_rnn(4, 8, rng=rng)
        lstm = init_lstm(4, 8, rng=rng, forget_bias=0.0)
        kept = init_rnn(4, 8, rng=np.random.default_rng(5), recurrent="orthogonal")
        rnns = {"rnn_dh": drawn, "orthogonal_dh": kept}
    elif isinstance(params, tuple) and params and isinstance(params[0], tuple):
        raise TypeError(
            "params: expected LSTMParams(W_x, W_h, b), one layer in one direction, as only "
            f"sequence_explorer takes more, got {validate.describe(params)}"
        )
    else:
        lstm, rnns = validate.lstm_params(params), {}
    if rnn is not None:
        rnns = {"rnn_dh": validate.said_of("rnn", validate.rnn_params, rnn)}
    return lstm, rnns


def _at_the_end(hs, every):
    """dL/dh_t of the sum of the last hidden state's units, or of every step's."""
    dhs = np.full(hs.shape, 1.0 if every else 0.0)
    dhs[-1] = 1
    return dhs


# ---------------------------------------------------------------- truncation


class _Cuts(NamedTuple):
    """An LSTM's full gradient, and (steps, 2): cosine and ratio of lengths of the cut one, by k."""

    dhs: np.ndarray
    trace: LSTMTrace
    lstm: LSTMParams
    full: LSTMGrads
    near: np.ndarray


def _measure_cuts(steps, units, draw, b_f, strength=1.0, last=False) -> _Cuts:
    """How near the gradients cut every k = 1 ... steps come to the full ones, for one draw."""
    xs = eeg(100, steps)[:, None, :]
    target = np.random.default_rng(6).uniform(-0.5, 0.5, (steps, 1, units))
    weight = np.where(np.arange(steps) < steps - 1, 0 if last else 1, 1)[:, None, None]
    lstm = init_lstm(4, units, rng=np.random.default_rng(draw), forget_bias=0.0)
    lstm = _opened(lstm, b_f, strength)
    trace = lstm_forward(xs, lstm)
    dhs = weight * (trace.h[1:] - target)  # L = sum of 1/2 weight (h - target)^2
    full = lstm_backward(dhs, trace, lstm)
    cuts = truncated_at_every(dhs, trace, lstm)
    flat = np.concatenate([p.reshape(steps, -1) for p in cuts], axis=1)
    whole = np.concatenate([p.ravel() for p in full.params])
    lengths, length = np.linalg.norm(flat, axis=1), max(np.linalg.norm(whole), _FLOOR)
    there = np.where(lengths > 0, lengths, np.inf) * length
    return _Cuts(dhs, trace, lstm, full, np.stack([flat @ whole / there, lengths / length], axis=1))


def truncation_explorer(steps=48, units=6) -> Explorer:
    """Truncated against full BPTT: the gradient that survives the cuts, and its direction.

    The loss is half the squared distance of h_t from random targets, at every step or, with
    the box ticked, at the last. `k` moves the cuts; the curves show every k.
    """
    every_k = np.arange(1, steps + 1)

    with matplotlib.rc_context(RC):
        figure = picture(940, 360)
        flow, near = figure.subplots(1, 2)
        flow.set(xlim=(0, steps + 1), yscale="log", ylim=(1e-3, 1e2), xlabel=say("step t"))
        flow.set_title(say("LSTM's dL/dc at step t, cut every k steps"))
        flow.set_ylabel(say("length"))
        near.set(xlim=(0.5, steps + 0.5), ylim=(-1.05, 1.75), xlabel=say("k: steps a chunk"))
        near.set_title(say("How near the cut gradient is to the full one, up to this k"))
        near.set_xticks(range(6, steps + 1, 6))
        near.axhline(1, color="#999999", lw=1.2)
        name_lines(
            flow,
            (0.02, 0.98, say("full"), "#999999"),
            (0.13, 0.98, say("cut (thin lines: where)"), CELL_LINE),
        )
        name_lines(
            near,
            (0.02, 0.98, say("cosine with it"), GRADIENT),
            (0.5, 0.98, say("ratio of lengths"), CELL_LINE),
        )
        (full_line,) = flow.plot([], [], color="#bbbbbb", lw=5)
        (cut_line,) = flow.plot([], [], color=CELL_LINE, marker="o", ms=4)
        (cosine,) = near.plot([], [], color=GRADIENT, marker="o", ms=3.5)
        (ratio,) = near.plot([], [], color=CELL_LINE, lw=1.6)
        at_k = near.axvline(1, ymax=0.9, color="#111111", lw=1.1, ls=(0, (3, 2)))
        (places,) = flow.plot([], [], color="#999999", lw=0.8, zorder=1)

    @lru_cache(maxsize=4)  # moving the cuts measures only these cuts
    def measure(draw, b_f, strength, last):
        return _measure_cuts(steps, units, draw, b_f, strength, last)

    def update(b_f, strength, k, draw, last):
        cuts = measure(draw, b_f, strength, last)
        cut = truncated_backward(cuts.dhs, cuts.trace, cuts.lstm, k)
        dc, cut_dc = step_lengths(cuts.full.c), step_lengths(cut.c)
        _draw(full_line, np.arange(steps + 1), dc)
        _draw(cut_line, np.arange(steps + 1), cut_dc)
        cosine.set_data(every_k[:k], cuts.near[:k, 0])  # what a longer chunk brings is asked
        ratio.set_data(every_k[:k], cuts.near[:k, 1])
        at_k.set_xdata([k, k])
        between = np.repeat(np.arange(k, steps, k) + 0.5, 3)  # after the last step of a chunk
        places.set_data(between, np.tile([1e-3, 20, np.nan], len(between) // 3))
        return {
            "k": k, "cosine": cuts.near[k - 1, 0], "ratio": cuts.near[k - 1, 1],
            "dc": dc, "cut_dc": cut_dc, "near": cuts.near,
        }  # fmt: skip

    def describe(v):
        values = {"ratio": v["ratio"], "cosine": v["cosine"]}
        if v["k"] == 1:
            return say(
                "Cut after every step, the LSTM's gradient has {ratio:.2f} of the full one's "
                "length and cosine {cosine:.3f} with it.",
                **values,
            )
        return say(
            "Cut every {k} steps, the LSTM's gradient has {ratio:.2f} of the full one's length "
            "and cosine {cosine:.3f} with it.",
            k=v["k"],
            **values,
        )

    return Explorer(
        "truncation",
        figure=figure,
        controls={
            **_settings(4.0),
            "k": whole("cut every k steps", 1, steps, 8, quantity="x"),
            "draw": whole("draw of the weights", 0, 19, 0, quantity="h"),
            "last": toggle("a loss at the last step only"),
        },
        presets={
            "long memory": {},
            "short memory": {"b_f": -2},
            "the worst of 20 draws": {"draw": 19, "k": 17},
            "loss at the end only": {"last": True},
        },
        moving=[places, full_line, cut_line, cosine, ratio, at_k],
        update=update,
        describe=describe,
    )
