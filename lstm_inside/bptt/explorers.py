"""The views of notebook 04: gradient flow, the Jacobian of one step, truncated BPTT."""

from functools import lru_cache

import matplotlib
import numpy as np

from lstm_core import (
    init_lstm,
    init_rnn,
    lstm_backward,
    lstm_forward,
    rnn_backward,
    rnn_forward,
    split_gates,
)
from lstm_inside.bptt.shares import (
    compare_gradients,
    lstm_jacobians,
    products_to_end,
    rnn_jacobians,
    split_step,
    split_way,
    truncated_backward,
)
from lstm_inside.page import Explorer, slider, toggle, whole
from lstm_inside.page.style import CELL_LINE, FAINT, FORGET, GRADIENT, HIDDEN_LINE, RC, picture
from lstm_inside.tasks import eeg

DASHED = (0, (4, 2.5))
_FLOOR = 1e-30  # below every log axis here


class _Pair:
    """An RNN and an LSTM of the same size on the same EEG, as `init_*` drew them, untrained."""

    def __init__(self, units):
        rng = np.random.default_rng(4)
        self.rnn = init_rnn(4, units, rng=rng)
        self.lstm = init_lstm(4, units, rng=rng)
        self.units = units

    def run(self, xs, b_f, strength):
        """(RNN parameters, trace), (LSTM parameters, trace) with these two settings."""
        rnn = self.rnn._replace(W_h=self.rnn.W_h * strength)
        b = self.lstm.b.copy()
        split_gates(b)[1][:] = b_f
        lstm = self.lstm._replace(W_h=self.lstm.W_h * strength, b=b)
        return (rnn, rnn_forward(xs, rnn)), (lstm, lstm_forward(xs, lstm))


def _lengths(grads):
    """The length of a gradient (T+1, 1, H) at every step; tiny entries' squares are not lost."""
    largest = np.abs(grads).max(axis=(1, 2))
    scale = np.where(largest > 0, largest, 1)
    return scale * np.linalg.norm(grads[:, 0] / scale[:, None], axis=-1)


def _draw(line, t, sizes):
    """Put sizes on a log axis: a tiny one leaves at the lower edge, an exact 0 is a gap."""
    line.set_data(t, np.where(sizes > 0, np.maximum(sizes, _FLOOR), np.nan))


def _labels(ax, *names):
    """Direct labels inside the axes: (x, y, words, colour), as shares of its width and height."""
    for x, y, words, colour in names:
        ax.text(
            x, y, words, color=colour, transform=ax.transAxes, fontsize=11.5, weight="bold",
            va="top", bbox={"fc": "white", "ec": "none", "pad": 1, "alpha": 0.85}, zorder=6,
        )  # fmt: skip


def _settings(b_f=1.0, strength=1.0):
    """The two sliders that every explorer here has."""
    return {
        "b_f": slider("LSTM's forget bias b_f", -4, 8, 0.1, b_f, quantity="f", digits=1),
        "strength": slider("recurrent: × W_h (both)", 0, 6, 0.1, strength, quantity="h", digits=1),
    }


# ---------------------------------------------------------------- the microscope


def gradient_flow_explorer(longest=100, units=8) -> Explorer:
    """Size of dL/dh_t and dL/dc_t at every step, RNN and LSTM, and the shares of dL/dc_t.

    Both networks are untrained; the loss is the sum of the last hidden state's units, or,
    with the box ticked, of every step's.
    """
    pair, record = _Pair(units), eeg(100, longest)[:, None, :]

    with matplotlib.rc_context(RC):
        figure = picture(940, 600)
        ax = figure.subplot_mosaic([["flow", "step"], ["gates", "way"]])
        for key in ("flow", "step", "way"):
            ax[key].set(xlim=(0, longest), yscale="log", ylim=(1e-14, 1e6))
        ax["flow"].set_title("Gradient at step t: RNN and LSTM")
        ax["step"].set_title("LSTM's dL/dc at step t: its two shares")
        ax["way"].set_title("dL/dc over the whole way: carousel, other paths")
        ax["way"].set_xlabel("step t")
        ax["gates"].set(xlim=(0, longest), ylim=(-0.03, 1.12), xlabel="step t")
        ax["gates"].set_title("LSTM's forget gates, and their mean")
        _labels(
            ax["flow"],
            (0.02, 0.98, "RNN dL/dh (dashed)", "#777777"),
            (0.38, 0.98, "LSTM dL/dh", GRADIENT),
            (0.64, 0.98, "LSTM dL/dc", CELL_LINE),
        )
        _labels(
            ax["step"],
            (0.02, 0.98, "total", "#8a8a8a"),
            (0.15, 0.98, "carousel: f × dL/dc of t+1", FORGET),
            (0.64, 0.98, "through h (dotted)", HIDDEN_LINE),
        )
        _labels(
            ax["way"],
            (0.02, 0.98, "total", "#8a8a8a"),
            (0.15, 0.98, "pure carousel: only f's", FORGET),
            (0.59, 0.98, "all others (dotted)", HIDDEN_LINE),
        )
        last = {"marker": "o", "ms": 4, "markevery": [-1]}  # all there is where W_h is 0
        (rnn_h,) = ax["flow"].plot([], [], color="#777777", ls=DASHED, **last)
        (lstm_h,) = ax["flow"].plot([], [], color=GRADIENT, **last)
        (lstm_c,) = ax["flow"].plot([], [], color=CELL_LINE)
        shares = {}
        for key in ("step", "way"):
            (total,) = ax[key].plot([], [], color=FAINT, lw=6)
            (carousel,) = ax[key].plot([], [], color=FORGET)
            (rest,) = ax[key].plot([], [], color=HIDDEN_LINE, ls=":", lw=2.4)
            shares[key] = total, carousel, rest
        gates = [ax["gates"].plot([], [], color=FORGET, lw=1, alpha=0.3)[0] for _ in range(units)]
        (mean,) = ax["gates"].plot([], [], color=FORGET, lw=3)

    def update(b_f, strength, T, every):
        xs = record[:T]
        (rnn, rnn_trace), (lstm, trace) = pair.run(xs, b_f, strength)
        dhs = np.full((T, 1, units), 1.0 if every else 0.0)
        dhs[-1] = 1
        back, grads = rnn_backward(dhs, rnn_trace, rnn), lstm_backward(dhs, trace, lstm)
        t = np.arange(T + 1)
        v = {"rnn_dh": _lengths(back.h), "dh": _lengths(grads.h), "dc": _lengths(grads.c)}
        _draw(rnn_h, t, v["rnn_dh"])
        _draw(lstm_h, t, v["dh"])
        _draw(lstm_c, t, v["dc"])
        for key, split in (
            ("step", split_step(trace, grads)),
            ("way", split_way(dhs, trace, grads)),
        ):
            total, carousel, rest = shares[key]
            v[f"{key}_carousel"], v[f"{key}_rest"] = map(_lengths, split)
            _draw(total, t, v["dc"])
            _draw(carousel, t, v[f"{key}_carousel"])
            _draw(rest, t, v[f"{key}_rest"])
        off = np.abs(sum(split_step(trace, grads)) - grads.c).max(axis=(1, 2))
        v["step_gap"] = float((off / np.maximum(np.abs(grads.c).max(axis=(1, 2)), 1e-300)).max())
        for unit, gate in enumerate(gates):
            gate.set_data(t[1:], trace.f[:, 0, unit])
        mean.set_data(t[1:], trace.f[:, 0].mean(axis=-1))
        return v | {"T": T, "every": every, "f": float(trace.f.mean())}

    def describe(v):
        back = {key: v[key][0] / v[key][-1] for key in ("rnn_dh", "dc", "way_carousel")}
        said = (
            f"The gradient at step 0 is {back['rnn_dh']:.2g} times that at step {v['T']} in the "
            f"RNN (dL/dh) and {back['dc']:.2g} times in the LSTM (dL/dc); "
            f"{back['way_carousel']:.2g} times on the carousel alone. "
            f"Mean forget gate {v['f']:.2f}."
        )
        if v["every"]:
            said += " Every step's own loss adds to it."
        return said + (" No line: exactly 0." if back["rnn_dh"] == 0 else "")

    return Explorer(
        "gradient_flow",
        figure=figure,
        controls={
            **_settings(),
            "T": whole("length T", 20, longest, longest, quantity="x"),
            "every": toggle("a loss at every step, not only the last"),
        },
        moving=[
            *shares["step"], *shares["way"], *gates, mean, rnn_h, lstm_h, lstm_c,
        ],
        update=update,
        describe=describe,
    )  # fmt: skip


# ---------------------------------------------------------------- Jacobians


def jacobian_explorer(steps=60, units=6) -> Explorer:
    """Singular values of the step's Jacobian: one step's all, every step's largest, the product's.

    RNN: dh_t/dh_{t-1}, H x H. LSTM: d(h_t, c_t)/d(h_{t-1}, c_{t-1}), 2H x 2H.
    """
    pair, xs = _Pair(units), eeg(100, steps)[:, None, :]

    with matplotlib.rc_context(RC):
        figure = picture(940, 590)
        ax = figure.subplot_mosaic([["now", "each"], ["now", "product"]], width_ratios=(3, 4))
        ax["now"].set(
            xlim=(0.3, 2 * units + 0.7), yscale="log", ylim=(1e-4, 30), xlabel="largest first",
            xticks=range(1, 2 * units + 1),
        )  # fmt: skip
        ax["now"].set_title("The step at the cursor: all stretches")
        ax["each"].set(xlim=(0, steps), yscale="log", ylim=(1e-2, 30))
        ax["each"].set_title("Every step: its largest stretch")
        ax["product"].set(xlim=(0, steps), yscale="log", ylim=(1e-12, 1e8), xlabel="step t")
        ax["product"].set_title(f"From step t to step {steps}: the product's largest stretch")
        for panel in ax.values():
            panel.axhline(1, color="#999999", lw=1.2)
        _labels(
            ax["now"],
            (0.02, 0.985, "RNN: 6 (hollow)", "#777777"),
            (0.02, 0.94, "LSTM: 12 (filled)", GRADIENT),
        )
        for key in ("each", "product"):
            names = (0.02, 0.98, "RNN (dashed)", "#777777"), (0.22, 0.98, "LSTM", GRADIENT)
            _labels(ax[key], *names)
        (rnn_now,) = ax["now"].plot([], [], "o", mfc="white", mec="#777777", mew=1.8, ms=10)
        (lstm_now,) = ax["now"].plot([], [], "o", color=GRADIENT, ms=6.5)
        lines = {
            key: (
                ax[key].plot([], [], color="#777777", ls=DASHED)[0],
                ax[key].plot([], [], color=GRADIENT)[0],
            )
            for key in ("each", "product")
        }
        cursors = [ax[key].axvline(0, color="#111111", lw=1.1, ls=(0, (3, 2))) for key in lines]

    def stretches(jacobians):
        return np.linalg.svd(jacobians, compute_uv=False)

    @lru_cache(maxsize=4)  # moving the cursor measures nothing anew
    def measure(b_f, strength):
        """Of RNN and LSTM: every step's stretches, and the largest of each product."""
        (rnn, rnn_trace), (lstm, trace) = pair.run(xs, b_f, strength)
        both = rnn_jacobians(rnn_trace, rnn), lstm_jacobians(trace, lstm)
        return (
            [stretches(j) for j in both],
            [stretches(products_to_end(j))[:, 0] for j in both],
        )

    def update(b_f, strength, t):
        each, product = measure(b_f, strength)
        for line, values in ((rnn_now, each[0][t - 1]), (lstm_now, each[1][t - 1])):
            line.set_data(np.arange(1, len(values) + 1), np.where(values > 1e-9, values, np.nan))
        for n in (0, 1):
            _draw(lines["each"][n], np.arange(1, steps + 1), each[n][:, 0])
            _draw(lines["product"][n], np.arange(steps + 1), product[n])
        for cursor in cursors:
            cursor.set_xdata([t, t])
        return {
            "t": t, "rnn": each[0], "lstm": each[1],
            "rnn_product": product[0], "lstm_product": product[1],
        }  # fmt: skip

    def describe(v):
        t = v["t"]
        rnn, lstm = v["rnn"][t - 1, 0], v["lstm"][t - 1, 0]
        return (
            f"Step {t} stretches by at most {rnn:.2f} in the RNN and {lstm:.2f} in the LSTM; all "
            f"{steps} steps together by {v['rnn_product'][0]:.2g} and {v['lstm_product'][0]:.2g}."
        )

    return Explorer(
        "jacobian",
        figure=figure,
        controls={**_settings(), "t": whole("step t", 1, steps, 30, quantity="x")},
        moving=[*lines["each"], *lines["product"], rnn_now, lstm_now, *cursors],
        update=update,
        describe=describe,
        play="t",
    )


# ---------------------------------------------------------------- truncation

CUTS = (1, 2, 4, 6, 10, 15, 20, 30, 60)


def truncation_explorer(steps=60, units=6) -> Explorer:
    """Truncated against full BPTT: the gradient that survives the cuts, and its direction.

    The loss is half the squared distance of h_t from random targets, at every step or, with
    the box ticked, at the last. `k` moves the cuts; the curves show the values of k in `CUTS`.
    """
    pair, xs = _Pair(units), eeg(100, steps)[:, None, :]
    target = np.random.default_rng(6).uniform(-0.5, 0.5, (steps, 1, units))

    with matplotlib.rc_context(RC):
        figure = picture(940, 360)
        flow, near = figure.subplots(1, 2)
        flow.set(xlim=(0, steps + 1), yscale="log", ylim=(1e-3, 1e2), xlabel="step t")
        flow.set_title("LSTM's dL/dc at step t, cut every k steps")
        near.set(xlim=(1, steps), xscale="log", ylim=(-1.05, 1.55), xlabel="k, log scale")
        near.set_title("How near the cut gradient is to the full one")
        near.set_xticks(CUTS, CUTS)
        near.minorticks_off()
        near.axhline(1, color="#999999", lw=1.2)
        _labels(flow, (0.02, 0.98, "full", "#999999"), (0.13, 0.98, "cut", CELL_LINE))
        _labels(
            near,
            (0.02, 0.98, "LSTM: cosine", GRADIENT),
            (0.29, 0.98, "length ratio", CELL_LINE),
            (0.62, 0.98, "RNN: cosine (dashed)", "#777777"),
        )
        (full_line,) = flow.plot([], [], color="#bbbbbb", lw=5)
        (cut_line,) = flow.plot([], [], color=CELL_LINE, marker="o", ms=4)
        (rnn_cosine,) = near.plot([], [], color="#777777", ls=DASHED)
        (cosine,) = near.plot([], [], color=GRADIENT, marker="o", ms=5)
        (ratio,) = near.plot([], [], color=CELL_LINE, marker="o", ms=5)
        at_k = near.axvline(1, color="#111111", lw=1.1, ls=(0, (3, 2)))

    @lru_cache(maxsize=4)  # moving the cuts measures only these cuts
    def measure(b_f, strength, last):
        """Full gradients, and how near those of all CUTS come to them, of RNN and LSTM."""
        weight = np.where(np.arange(steps) < steps - 1, 0 if last else 1, 1)[:, None, None]
        near_full = []
        for (params, trace), backward in zip(
            pair.run(xs, b_f, strength), (rnn_backward, lstm_backward), strict=True
        ):
            dhs = weight * (trace.h[1:] - target)  # L = sum of 1/2 weight (h - target)^2
            full = backward(dhs, trace, params)
            cuts = (truncated_backward(dhs, trace, params, n).params for n in CUTS)
            near_full.append(np.array([compare_gradients(cut, full.params) for cut in cuts]))
        return dhs, trace, params, full, near_full

    def update(b_f, strength, k, last):
        dhs, trace, lstm, full, (rnn_near, lstm_near) = measure(b_f, strength, last)
        cut = truncated_backward(dhs, trace, lstm, k)
        dc, cut_dc = _lengths(full.c), _lengths(cut.c)
        now = compare_gradients(cut.params, full.params)
        _draw(full_line, np.arange(steps + 1), dc)
        _draw(cut_line, np.arange(steps + 1), cut_dc)
        cosine.set_data(CUTS, lstm_near[:, 0])
        ratio.set_data(CUTS, lstm_near[:, 1])
        rnn_cosine.set_data(CUTS, rnn_near[:, 0])
        at_k.set_xdata([k, k])
        return {
            "k": k, "cosine": now[0], "ratio": now[1], "dc": dc, "cut_dc": cut_dc,
            "lstm": lstm_near, "rnn": rnn_near,
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
            "last": toggle("a loss at the last step only"),
        },
        moving=[full_line, cut_line, rnn_cosine, cosine, ratio, at_k],
        update=update,
        describe=describe,
    )


EXPLORERS = {
    "gradient_flow": gradient_flow_explorer,
    "jacobian": jacobian_explorer,
    "truncation": truncation_explorer,
}
