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
from lstm_inside.bptt.draws import FLAG, flagged_sequence
from lstm_inside.bptt.shares import split_way, truncated_at_every, truncated_backward
from lstm_inside.gates import LATCH
from lstm_inside.page import Explorer, Words, slider, toggle, whole
from lstm_inside.page.measure import step_lengths
from lstm_inside.page.style import CELL_LINE, GRADIENT, RC, SIGNAL, picture, true_minus
from lstm_inside.tasks import eeg
from lstm_inside.words import say

DASHED = (0, (4, 2.5))
RNN_LINE = "#777777"
ALONE = "#6B4A00"  # a darker cell line, to be seen on it
LABEL = {
    "fontsize": 11.5,
    "weight": "bold",
    "bbox": {"fc": "white", "ec": "none", "pad": 1, "alpha": 0.85},
}
_FLOOR = 1e-30  # below every log axis here
_LOWEST, _HIGHEST = 1e-14, 1e8  # the microscope's frame


def _opened(lstm, b_f, strength):
    """The LSTM with b_f added to its forget bias, and its W_h times a factor."""
    b = lstm.b.copy()
    split_gates(b)[1][:] += b_f
    return lstm._replace(W_h=lstm.W_h * lstm.W_h.dtype.type(strength), b=b)


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
    """Size of an RNN's dL/dh_t and an LSTM's dL/dc_t at every step, and along the cell line alone.

    The loss is the sum of the last hidden state's units. Without arguments: 8 untrained units, an
    RNN's W_h drawn in two ways, and the latch read a sequence of recall, whose flag is marked.
    Yours: LSTM params, xs (T, B, D) with T >= 2, and, if you like, RNNParams of as many inputs;
    the first slider then adds to the forget bias that you give, two controls more set the length
    and a loss at every step, and lengths are over the batch:

        gradient_flow_explorer(params=LSTMParams(W_x, W_h, b), xs=series, rnn=RNNParams(W, U, b_1))

    Raises ValueError or TypeError as `lstm_forward` and, after "rnn: ", `rnn_forward` do, and for
    several layers or two directions, which `sequence_explorer` takes.
    """
    own = params is not None
    lstm, rnns = _networks(params, rnn)
    recall = xs is None  # its flag is marked, and measured is up to it
    trace = lstm_forward(flagged_sequence() if xs is None else xs, lstm)
    longest = len(trace.tanh_c)
    record = trace.xs
    if longest < 2:
        raise ValueError(f"xs: expected T >= 2 in (T, B, D), got shape {record.shape}")
    for plain in rnns.values():
        validate.said_of("rnn", rnn_forward, record, plain)

    with matplotlib.rc_context(RC):
        figure = picture(940, 420)
        ax = figure.subplots()
        start_at = FLAG if recall else 0  # where the names stand, and the lines end
        ax.set(
            xlim=(start_at, longest), yscale="log", ylim=(_LOWEST, _HIGHEST), xlabel=say("step t")
        )
        ax.set_title(
            say("How much gradient comes back to the flag")
            if recall
            else say("How large the gradient is at step t")
        )
        ax.yaxis.tick_right()  # the lines' names stand on the left, where they part
        ax.yaxis.set_label_position("right")
        ax.set_ylabel(say("multiple of the last step's (below the frame: < 10⁻¹⁴)"), fontsize=11)
        ax.text(-0.35, 0, " ", transform=ax.transAxes)  # and need room
        names = {
            "rnn_dh": (say("RNN") if rnn is not None else say("RNN, uniform W_h"), RNN_LINE),
            "orthogonal_dh": (say("RNN, orthogonal W_h"), RNN_LINE),
            "dc": (say("LSTM"), CELL_LINE),
            "alone": (say("cell line alone"), ALONE),
            "latch": (say("latch"), GRADIENT),
        }
        last = {"marker": "o", "ms": 4, "markevery": [-1]}  # all there is where W_h is 0
        plain_lines = {}
        for key, style in zip(rnns, (DASHED, ":"), strict=False):
            (plain_lines[key],) = ax.plot([], [], color=RNN_LINE, ls=style, **last)
        (latched,) = ax.plot([], [], color=GRADIENT, lw=1.6, drawstyle="steps-mid")
        if recall:
            ax.axvline(FLAG, color=SIGNAL, lw=3, ls=(0, (1, 1.5)), zorder=1)
            name_lines(ax, (0.01, 0.98, say("flag"), SIGNAL))
        setting = Words(ax, 1, 1.035, ha="right", fontsize=12, color="#444444",
                        transform=ax.transAxes)  # fmt: skip
        (lstm_c,) = ax.plot([], [], color=CELL_LINE, lw=3)
        (alone,) = ax.plot([], [], color=ALONE, ls=DASHED)
        kept = [*plain_lines, "dc", "alone", *(["latch"] if recall else [])]
        ends = {
            key: Words(ax, -0.012, 0, ha="right", fontsize=11.5, weight="bold",
                       color=names[key][1], transform=ax.get_yaxis_transform())
            for key in kept
        }  # fmt: skip

    def update(b_f, strength, T=longest, every=False):
        gated, xs = _opened(lstm, b_f, strength), record[:T]
        trace = lstm_forward(xs, gated)
        dhs = _at_the_end(trace.h[1:], every)
        grads = lstm_backward(dhs, trace, gated)
        pure = split_way(dhs, trace, grads).carousel
        v = {"dc": step_lengths(grads.c), "alone": step_lengths(pure)}
        t = np.arange(T + 1)
        if recall:  # the latch's gradient comes back to the flag, and no further
            held = lstm_forward(xs, LATCH)
            back = lstm_backward(_at_the_end(held.h[1:], every), held, LATCH)
            v["latch"] = step_lengths(back.c)
            _draw(latched, t, v["latch"] / v["latch"][-1])
        for key, line in plain_lines.items():
            plain = rnns[key]
            plain = plain._replace(W_h=plain.W_h * plain.W_h.dtype.type(strength))
            was = rnn_forward(xs, plain)
            v[key] = step_lengths(rnn_backward(_at_the_end(was.h[1:], every), was, plain).h)
            _draw(line, t, v[key] / v[key][-1])
        _draw(lstm_c, t, v["dc"] / v["dc"][-1])
        _draw(alone, t, v["alone"] / v["dc"][-1])
        at_end = {key: v["dc" if key == "alone" else key][-1] for key in ends}
        left = {key: v[key][start_at] / at_end[key] for key in ends}
        places = _apart({key: size for key, size in left.items() if size > 0})
        for key, words in ends.items():  # no name without a line
            words.set_text(_named(names[key][0], left[key]) if key in places else "")
            words.set_y(places.get(key, 1.0))
        bias = f"b_f {b_f:+.1f}" if own else f"b_f = {b_f:.1f}"
        f = float(trace.f.mean())
        mean = say("mean f = {f:.3f}", f=f)
        setting.set_text(f"{true_minus(bias)}   {mean}   W_h × {strength:.1f}")
        return v | {"T": T, "every": every, "f": f}

    def describe(v):
        at = FLAG if recall else 0
        back = {key: v[key][at] / v[key][-1] for key in (*plain_lines, "dc")}
        back["alone"] = v["alone"][at] / v["dc"][-1]
        values = {**back, "T": v["T"], "f": v["f"], "at": at}
        if len(plain_lines) == 2:
            words = say(
                "The gradient at step {at} is {dc:.2g} times that at step {T} in the LSTM (dL/dc), "
                "{rnn_dh:.2g} times in the RNN with a uniform W_h, {orthogonal_dh:.2g} times in "
                "the one with an orthogonal W_h. The LSTM's cell line alone would bring "
                "{alone:.2g} times. Mean forget gate {f:.3f}.",
                **values,
            )
        elif plain_lines:
            words = say(
                "The gradient at step {at} is {dc:.2g} times that at step {T} in the LSTM (dL/dc), "
                "{rnn_dh:.2g} times in the RNN. The LSTM's cell line alone would "
                "bring {alone:.2g} times. Mean forget gate {f:.3f}.",
                **values,
            )
        else:
            words = say(
                "The gradient at step {at} is {dc:.2g} times that at step {T} in the LSTM (dL/dc). "
                "The cell line alone would bring {alone:.2g} times. Mean forget gate {f:.3f}.",
                **values,
            )
        if recall:
            words += say(" The flag stands at step {at}.", at=at)
        if v["every"]:
            words += say(" Every step's own loss adds to it.")
        return words + (say(" No line: exactly 0.") if 0 in back.values() else "")

    start = 0.0 if own else 1.0
    explorer = partial(
        Explorer,
        "gradient_flow",
        figure=figure,
        controls={
            **_settings(
                start, say("add to the forget bias") if own else say("LSTM's forget bias b_f")
            ),
            **({} if recall else _of_ones_own(longest)),
        },
        moving=[*plain_lines.values(), lstm_c, alone, latched, setting, *ends.values()],
        update=update,
        describe=describe,
        stays=() if recall else ("every",),
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
            "forget bias 1 (f ≈ 0.73)": {},
            "gates nearly open": {"b_f": 6},
            "gates nearly shut": {"b_f": -4},
            "no way through W_h": {"strength": 0},
        }
    )


def _of_ones_own(longest):
    """What a series of one's own can be asked besides: a shorter one, a loss at every step."""
    return {
        "T": whole("length T", min(20, longest - 1), longest, longest, quantity="x"),
        "every": toggle("a loss at every step, not only the last"),
    }


def _named(name, size):
    """A line's name with its size, behind an arrow where the line has left the frame."""
    arrow = "↓ " if size < _LOWEST else "↑ " if size > _HIGHEST else ""
    return f"{name}: {arrow}{size:.2g}"


def _apart(sizes):
    """Where a line's name stands, by its key: at its size on the log axis, none upon another."""
    lowest, highest, apart = -13.5, 7.5, 1.15  # in decades
    order = sorted(sizes, key=lambda key: sizes[key])
    y = np.clip([np.log10(max(sizes[key], _FLOOR)) for key in order], lowest, highest)
    for n in range(1, len(y)):
        y[n] = max(y[n], y[n - 1] + apart)
    if len(y):
        y[-1] = min(y[-1], highest)
    for n in reversed(range(len(y) - 1)):
        y[n] = min(y[n], y[n + 1] - apart)
    return dict(zip(order, 10.0**y, strict=True))


def _networks(params, rnn):
    """The microscope's LSTM, and its RNNs by the key of what is measured of them."""
    if params is None:
        seed = 2  # one of `twenty_draws`, near their middle
        drawn = init_rnn(2, 8, rng=np.random.default_rng(seed))
        lstm = init_lstm(2, 8, rng=np.random.default_rng(seed), forget_bias=0.0)
        kept = init_rnn(2, 8, rng=np.random.default_rng(seed), recurrent="orthogonal")
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
        near.set(xlim=(0.5, steps + 0.5), ylim=(-1.05, 1.75), xlabel=say("k: steps per chunk"))
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
            "dc": dc, "cut_dc": cut_dc, "near": cuts.near, "last": last,
        }  # fmt: skip

    def describe(v):
        values = {"ratio": v["ratio"], "cosine": v["cosine"]}
        if v["k"] == 1:
            words = say(
                "Cut after every step, the LSTM's gradient has {ratio:.2f} of the full one's "
                "length and cosine {cosine:.3f} with it.",
                **values,
            )
        else:
            words = say(
                "Cut every {k} steps, the LSTM's gradient has {ratio:.2f} of the full one's length "
                "and cosine {cosine:.3f} with it.",
                k=v["k"],
                **values,
            )
        cut = (steps - 1) // v["k"] * v["k"]  # the last step before the last chunk
        if v["last"] and cut:
            words += say(" Up to step {cut} dL/dc is exactly 0.", cut=cut)
        return words

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
