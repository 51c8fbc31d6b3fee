"""The still pictures of notebook 02: recall, tanh, an RNN there and back, memory, a door."""

import matplotlib
import numpy as np
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from lstm_core import rnn_forward
from lstm_inside import validate
from lstm_inside.page import Pixels, picture, plain
from lstm_inside.page.measure import lengths
from lstm_inside.page.style import (
    FAINT,
    FORGET,
    GRADIENT,
    HIDDEN,
    HIDDEN_LINE,
    RC,
    SIGNAL,
    SIGNED,
)
from lstm_inside.rnn.memory import fit_readout, read
from lstm_inside.tasks import recall_problem
from lstm_inside.words import say


def recall_picture(batch, b=0):
    """One sequence of the recall problem: which number carries the flag, when it is due.

    batch: the Sequences that `recall_problem` makes. b: which of its sequences.
    """
    validate.whole("b", b, least=0, most=batch.xs.shape[1] - 1)
    numbers, flags = batch.xs[:, b, 0], batch.xs[:, b, 1]
    T, at, answer = len(numbers), int(flags.argmax()), batch.targets[b, 0]
    with matplotlib.rc_context(RC):
        figure = picture(900, 240)
        ax = figure.subplots()
        ax.set(xlim=(-0.7, T + 2.6), ylim=(-1.25, 1.55), xlabel=say("step t"), yticks=(-1, 0, 1))
        ax.set_ylabel(say("number"))
        marks = (1, *range(5, T + 1, 5))
        ax.set_xticks([t - 1 for t in marks], marks)
        ax.grid(False)
        ax.axhline(0, color=FAINT, lw=1)
        ax.bar(range(T), numbers, 0.55, color=[FORGET if f else FAINT for f in flags])
        _label(ax, at, answer + np.copysign(0.16, answer), say("flag"), color=FORGET,
               weight="bold")  # fmt: skip
        ax.annotate("", (T + 0.15, answer), (at + 0.45, answer), arrowprops={
            "arrowstyle": "-|>", "color": FORGET, "lw": 1.4, "ls": (0, (4, 3)),
            "mutation_scale": 14,
        })  # fmt: skip
        _label(
            ax,
            T + 0.3,
            answer,
            say("answer?\n{answer}", answer=plain(answer)),
            color=FORGET,
            weight="bold",
            ha="left",
            linespacing=1.4,
        )
        ax.set_title(say("Recall: one number is flagged, and only that one counts, much later"))
    figure.alt = say(
        "{T} random numbers between −1 and 1, one a step. The number of step {at}, {answer}, "
        "carries a flag. It is the answer wanted after the last step.",
        T=T,
        at=at + 1,
        answer=plain(answer),
    )
    return figure


def tanh_picture():
    """tanh, where it bends: its tangents at 0, the line a, and at -3, where it is nearly flat."""
    a = np.linspace(-5, 5, 401)
    with matplotlib.rc_context(RC):
        figure = picture(620, 260)
        ax = figure.subplots()
        for ends in ((-5, -3), (3, 5)):
            ax.axvspan(*ends, color=FAINT, alpha=0.25, lw=0)
            _label(ax, np.mean(ends), 0, say("nearly flat"), color="#777777")
        ax.plot(a, np.tanh(a), color=HIDDEN_LINE, lw=2.6)
        for at, half in ((0, 1.3), (-3, 1.6)):
            near = at + half * np.array([-1, 1])
            slope = 1 - np.tanh(at) ** 2
            ax.plot(near, np.tanh(at) + slope * (near - at), color=FORGET, ls=(0, (4, 2)))
            ax.plot(at, np.tanh(at), "o", color=FORGET, ms=6)
        _label(ax, 0.25, -0.2, say("at 0: slope 1, the line a"), color=FORGET, ha="left")
        _label(ax, -3, -1.25, say("at −3: slope {slope:.2f}", slope=slope), color=FORGET)
        _label(ax, 1.3, 0.66, "tanh(a)", color=HIDDEN_LINE, weight="bold", ha="left")
        ax.set(xlim=(-5, 5), ylim=(-1.5, 1.5), xlabel="a", xticks=range(-5, 6), yticks=(-1, 0, 1))
    figure.alt = say(
        "The curve tanh(a) for a from −5 to 5. Near 0 it runs along the line a, with slope 1. "
        "Beyond ±3 it is nearly flat, close to −1 and 1: at −3 the slope is {slope:.2f}.",
        slope=slope,
    )
    return figure


def bend_picture():
    """What a number does to a unit that sums x/2 − 6, and 6 more when the flag comes with it."""
    x = np.linspace(-1, 1, 101)
    shut, lifted = np.tanh(0.5 * x - 6), np.tanh(0.5 * x)
    with matplotlib.rc_context(RC):
        figure = picture(620, 230)
        ax = figure.subplots()
        ax.plot(x, lifted, color=FORGET, lw=2.6)
        ax.plot(x, shut, color="#777777", lw=2.6)
        _label(ax, -0.1, 0.3, say("with the flag: tanh(x/2)"), color=FORGET, weight="bold")
        _label(ax, 0, -0.78, say("without it: tanh(x/2 − 6), nearly flat"), color="#777777",
               weight="bold")  # fmt: skip
        ax.set(xlim=(-1, 1), ylim=(-1.15, 0.65), xticks=(-1, 0, 1), yticks=(-1, 0))
        ax.set(xlabel=say("the number x"), ylabel=say("the unit"))
        ax.set_title(say("Only where the flag comes does the number move the unit"))
    figure.alt = say(
        "The value of a unit over the number x from −1 to 1. Without the flag it is "
        "tanh(x/2 − 6), a flat line at −1. With the flag it is tanh(x/2), which rises from {low} "
        "to {high}.",
        low=plain(lifted[0]),
        high=plain(lifted[-1]),
    )
    return figure


def unrolled_layers(ax, T):
    """Draw on ax an RNN rolled up, and beside it its steps side by side, without their numbers.

    T: steps. Returns where the numbers belong: (x, y) of the T inputs, and of h_0 to h_T.
    """
    ax.set(xlim=(-1.95, 2.35 * T + 1.0), ylim=(-1.2, 2.75))
    ax.set_axis_off()
    _layer(ax, -1.05, say("$h_{t-1}$ comes back"), "$x_t$")
    _arrow(ax, [(-0.64, 1), (-0.2, 1), (-0.2, 2.05), (-1.87, 2.05), (-1.87, 1), (-1.48, 1)])
    _label(ax, -1.05, 2.2, say("$W_h$ (or $W$)"), color=HIDDEN_LINE)
    _label(ax, -0.38, 0.78, "$h_t$", color=HIDDEN_LINE)
    _label(ax, -1.0, -0.15, say("$W_x$ (or $U$)"), color=SIGNAL, ha="left")
    _label(ax, -1.05, 2.6, say("rolled up: one layer and a loop"), weight="bold")
    ax.axvline(0.12, color=FAINT, lw=1, ls=(0, (4, 4)))
    _label(ax, 1.15 * T + 0.6, 2.6, say("unrolled: the same layer and weights at every step"),
           weight="bold")  # fmt: skip
    inputs, states = [], []
    for t in range(1, T + 1):
        x = 2.35 * t - 0.6
        _layer(ax, x, "", f"$x_{t}$")
        _label(ax, x - 0.62, 1.22, "$W_h$", color=HIDDEN_LINE)
        _label(ax, x + 0.05, -0.15, "$W_x$", color=SIGNAL, ha="left")
        inputs.append((x - 0.24, -1.02))
    for t in range(T + 1):  # the state's arrow, its name above it and its numbers below
        x = 2.35 * t - 0.6
        start, end = (x + 0.42 if t else 0.3), (x + 1.99 if t < T else x + 1.55)
        _arrow(ax, [(start, 1), (end, 1)])
        states.append((x + (1.1 if t else 1.25), 0.76))
        _label(ax, states[-1][0], 1.22, f"$h_{t}$", color=HIDDEN_LINE)
    return inputs, states


def backward_picture(deltas, dhs):
    """A nudge on its way forward and the gradient on its way back (2.7), and their product.

    deltas, dhs (T, H): what the nudge has become at h_1 ... h_T, and the gradients there, where L
    looks at the last state alone.
    """
    deltas, dhs = (validate.real(*named, ndim=2) for named in (("deltas", deltas), ("dhs", dhs)))
    T, apart = len(dhs), 2.7
    products = [f"{delta @ dh:.4f}" for delta, dh in zip(deltas, dhs, strict=True)]
    with matplotlib.rc_context(RC):
        figure = picture(980, 300)
        ax = figure.subplots()
        ax.set(xlim=(-2.3, apart * (T - 1) + 1.9), ylim=(-1.35, 1.75))
        ax.set_axis_off()
        state = {"boxstyle": "round,pad=0.4", "fc": "#eef6fb", "ec": HIDDEN_LINE, "lw": 1.6}
        _label(ax, -2.2, 1.4, say("the nudge,\nforward"), color=HIDDEN_LINE, ha="left")
        _label(ax, -2.2, -0.4, say("the gradient,\nbackward"), color=GRADIENT, ha="left")
        _label(ax, -2.2, -1.15, say("their product"), ha="left", weight="bold")
        for t, (delta, dh) in enumerate(zip(deltas, dhs, strict=True), 1):
            x, last = apart * (t - 1), t == T
            _label(ax, x, 1.4, f"$\\delta_{t}$\n{_pair(delta)}", color=HIDDEN_LINE, linespacing=1.5)
            _label(ax, x, 0.5, f"$h_{t}$", color=HIDDEN_LINE, bbox=state)
            _label(ax, x, -0.4, f"$dh_{t}$\n{_pair(dh)}", color=GRADIENT, linespacing=1.5)
            _label(ax, x, -1.15, products[t - 1], weight="bold")
            end = x + (1.2 if last else apart - 0.4)
            _arrow(ax, [(x + 0.4, 0.62), (end, 0.62)])
            _arrow(ax, [(end, 0.38), (x + 0.4, 0.38)], color=GRADIENT, ls=(0, (4, 2)))
            if not last:
                _label(ax, x + apart / 2, 0.84, say("× $W_h$, × slopes"), color=HIDDEN_LINE,
                       fontsize=10)  # fmt: skip
                _label(ax, x + apart / 2, 0.14, say("× slopes, × $W_h^\\top$"), color=GRADIENT,
                       fontsize=10)  # fmt: skip
        _label(ax, apart * (T - 1) + 1.5, 0.5, "$L$", weight="bold")
        ax.set_title(say("Nudge times gradient is the same at every step"))
    figure.alt = say(
        "The states h_1 to h_{T} side by side, and L at the end. Arrows lead forward: every step "
        "multiplies a nudge by W_h and by the slopes. Dashed arrows lead back: every step "
        "multiplies by the slopes and by W_h transposed. The nudge is {first_nudge} at h_1 and "
        "{last_nudge} at h_{T}, the gradient {first} and {last}. Their products at the {T} states "
        "are {products}.",
        T=T,
        first_nudge=_pair(deltas[0]),
        last_nudge=_pair(deltas[-1]),
        first=_pair(dhs[0]),
        last=_pair(dhs[-1]),
        products=", ".join(products),
    )
    return figure


def knocks_picture(runs, unit):
    """What one unit makes of three knocks, a panel a strength of W_h, a line a knock.

    runs: strength -> {size of the knock: the states h (T, H) that it makes}, for a soft knock, a
    hard one, and the hard one with its sign turned. unit: the unit that is drawn. How far apart the
    ends are is said of the whole states.
    """
    with matplotlib.rc_context(RC):
        figure = picture(900, 290)
        axes = figure.subplots(1, len(runs), sharey=True, squeeze=False)[0]
        figure.alt = say("Unit {unit} over time, a line a knock.", unit=unit)
        for ax, (strength, knocks) in zip(axes, runs.items(), strict=True):
            soft, hard, turned = knocks.values()
            for h, colour, ls in ((hard, HIDDEN_LINE, "-"), (turned, FORGET, "-"),
                                  (soft, "#222222", (0, (4, 2)))):  # fmt: skip
                ax.plot(h[:, unit], color=colour, ls=ls, lw=2.2)
            names = [_weight(size) for size in knocks]
            early, half = hard[:12, unit], 0.55 * max(np.abs(hard[-1, unit]), 0.1)
            place = np.abs(early).argmax()
            rising = int((np.abs(soft[:, unit]) > half).argmax())
            for name, x, y, colour in (
                (names[1], place + 0.8, early[place] + 0.09, HIDDEN_LINE),
                (names[2], place + 0.8, -early[place] - 0.09, FORGET),
                (names[0], (rising or 37) + 0.7, half - 0.1 if rising else 0.1, "#222222"),
            ):
                _label(ax, x, y, name, color=colour, weight="bold", ha="left")
            near, far = (float(lengths(hard[-1] - h[-1], axis=0)) for h in (soft, turned))
            for y, pair, apart, colour in ((0.93, names[:2], near, HIDDEN_LINE),
                                           (-0.93, names[1:], far, FORGET)):  # fmt: skip
                words = say("all units: {a} and {b} end {apart:.2g} apart", a=pair[0], b=pair[1],
                            apart=apart)  # fmt: skip
                _label(ax, len(hard) - 1, y, words, color=colour, ha="right")
                figure.alt = say("{so_far} Strength {strength}: {words}.", so_far=figure.alt,
                                 strength=strength, words=words)  # fmt: skip
            ax.set(xlim=(0, len(hard)), ylim=(-1.1, 1.1), yticks=(-1, 0, 1), xlabel=say("step t"))
            grows = np.abs(hard[-1]).max() > 0.1
            ax.set_title(
                say("Strength {strength}: the size is forgotten", strength=strength)
                if grows
                else say("Strength {strength}: all fade", strength=strength)
            )
        axes[0].set_ylabel(say("unit {unit}", unit=unit))
    return figure


def line_picture(h):
    """A delay line's state over time: the diagonals are numbers on their way.

    h (T, H): its states, one a step.
    """
    h = validate.real("h", h, ndim=2)
    validate.finite("h", h)
    T, H = h.shape
    most = np.abs(h).max()
    with matplotlib.rc_context(RC):
        figure = picture(900, 280)
        ax = figure.subplots()
        map_ = Pixels.on(ax, h.T, cmap=SIGNED, vmin=-most, vmax=most)
        ax.set(xlabel=say("step t"), ylabel=say("unit"), yticks=range(0, H, 8))
        ax.set_xticks(range(9, T, 10), range(10, T + 1, 10))
        figure.colorbar(map_, ax=ax, pad=0.02, label=say("value"))
        ax.set_title(say("The state of a delay line: every number moves on by one unit per step"))
    figure.alt = say(
        "The state of {H} units over {T} steps as a coloured map. Each input enters at unit "
        "0 and climbs by one unit per step, a diagonal stripe, until it leaves at unit {H_2}.",
        H=H,
        T=T,
        H_2=H - 1,
    )
    return figure


def memories_picture(runs):
    """Memory curves side by side, a panel a kind of W_h, a line a draw.

    runs: title -> what `recall_inputs` measured of each of its draws (2.5). The area under a curve
    is its capacity; that of the middle draw is shaded.
    """
    with matplotlib.rc_context(RC):
        figure = picture(900, 290)
        axes = figure.subplots(1, len(runs), sharey=True, squeeze=False)[0]
        figure.alt = say("R² of reading the input of k steps ago, a line a draw of weights.")
        for ax, (title, draws) in zip(axes, runs.items(), strict=True):
            middle = sorted(draws, key=lambda draw: draw.capacity)[len(draws) // 2]
            ax.fill_between(range(len(middle.r2)), np.maximum(0, middle.r2), color=HIDDEN,
                            alpha=0.3, lw=0)  # fmt: skip
            for draw in draws:
                ax.plot(draw.r2, color=HIDDEN_LINE, lw=1.6)
            ax.axvline(24, color=FAINT, lw=1.2, ls=(0, (4, 3)))
            _label(ax, 25, 1.1, say("24 units"), color="#777777", ha="left")
            ax.set(xlim=(0, len(middle.r2) - 1), ylim=(-0.2, 1.2), yticks=(0, 0.5, 1))
            ax.set(xlabel=say("k steps ago"))
            ax.set_title(title)
            ends = {plain(f([draw.capacity for draw in draws]), 1): 0 for f in (min, max)}
            held = "–".join(ends)  # one number where both are the same
            for y, words in ((0.8, say("capacity")), (0.68, held)):  # to the right of the curves
                _label(ax, 0.95 * len(middle.r2), y, words, weight="bold", ha="right")
            figure.alt = say(
                "{so_far} {title}: capacity {held}.", so_far=figure.alt, title=title, held=held
            )
        axes[0].set_ylabel("$R^2$")
    return figure


def sums_picture(scores, places):
    """What weighted sums of different things score in recall, a bar each.

    scores: name -> R^2 (2.3). places: of the flag; a sum that holds all and does not choose scores
    1 / places (2.6).
    """
    with matplotlib.rc_context(RC):
        figure = picture(760, 80 + 44 * len(scores))
        ax = figure.subplots()
        rows = range(len(scores))[::-1]
        ax.barh(rows, [max(0, r2) for r2 in scores.values()], 0.6, color=HIDDEN_LINE)
        for y, r2 in zip(rows, scores.values(), strict=True):
            _label(ax, max(0, r2, 1 / places) + 0.02, y, plain(r2), weight="bold", ha="left")
        ax.axvline(1 / places, color=FORGET, lw=1.6, ls=(0, (4, 2)))
        _label(ax, 1 / places + 0.14, len(scores) - 1, say("1 / {places}: all held, none chosen",
               places=places), color=FORGET, ha="left")  # fmt: skip
        ax.set(xlim=(0, 1.12), xticks=(0, 0.5, 1), xlabel="$R^2$")
        ax.set_yticks(rows, list(scores))
        ax.grid(False)
        ax.set_title(say("Where number and flag are multiplied, a weighted sum chooses"))
    said = "; ".join(f"{name} {plain(r2)}" for name, r2 in scores.items())
    figure.alt = say("R² of a weighted sum, a bar each: {said}.", said=said)
    return figure


def opened_picture(params, batch, places, longer, *, rng):
    """A trained state opened: its units over one sequence, and what can be read from it.

    params: an RNN's with D = 2. batch: Sequences whose flag stands at one of the first `places`
    steps. On the left the units as the first sequence comes, and under them by how much they
    differ when the flagged number's sign is turned; what differs most at the end stands on top. On
    the right a fresh read-out's answers over the flagged number, after as many steps as the batch
    has and after `longer` steps, beside those of a state that keeps the sign alone.
    """
    T = len(batch.xs)
    validate.whole("places", places, least=2, most=T - 1)
    validate.whole("longer", longer, least=T)
    at = int(batch.xs[:, 0, 1].argmax())
    number = batch.xs[at, 0, 0]
    turned = batch.xs[:, :1].copy()
    turned[at, 0, 0] *= -1
    h, other = (rnn_forward(xs, params).h[:, 0] for xs in (batch.xs[:, :1], turned))
    order = np.argsort(np.abs(other[-1] - h[-1]))  # the last is drawn on top
    with matplotlib.rc_context(RC):
        figure = picture(980, 380)
        ax = figure.subplot_mosaic(
            [["said", "short", "long"], ["turned", "short", "long"]], width_ratios=(5, 3, 3)
        )
        tens = [t for t in range(10, T + 1, 10) if abs(t - 1 - at) > 8]
        for key, shown, most, label, title, here in (
            ("said", h, 1, say("value"), say("{number} is flagged", number=plain(number)),
             say("flag")),
            ("turned", other - h, 2, say("difference"),
             say("What {number} in its place changes", number=plain(-number)),
             say("sign turned here")),
        ):  # fmt: skip
            map_ = Pixels.on(ax[key], shown[1:, order].T, cmap=SIGNED, vmin=-most, vmax=most)
            figure.colorbar(map_, ax=ax[key], pad=0.02, ticks=(-most, 0, most), label=label)
            ax[key].set(ylabel=say("unit"))
            ax[key].set_yticks(range(len(order)), order)
            ax[key].set_xticks([at, *(t - 1 for t in tens)], [here, *tens])
            ax[key].axvline(at - 0.5, color="#111111", lw=1.2, ls=(0, (3, 2)))
            ax[key].set_title(title)
        ax["turned"].set_xlabel(say("step t"))
        follows = []
        for key, steps in (("short", T), ("long", longer)):
            wanted, answers = _answers(ax[key], params, steps, places, rng)
            follows.append(np.mean([np.corrcoef(wanted[side], answers[side])[0, 1]
                                    for side in (wanted > 0, wanted < 0)]))  # fmt: skip
            ax[key].plot([-1, 0, 0, 1], [-0.5, -0.5, 0.5, 0.5], color="#777777", lw=2)
            ax[key].set_title(say("Read after {steps} steps", steps=steps))
        ax["short"].set_ylabel(say("the answer"))
        _label(ax["short"], -0.06, 0.5, say("the sign\nalone"), color="#777777", ha="right")
        _label(ax["short"], 0.35, 0.95, say("right answers"), color="#777777", fontsize=10,
               ha="right")  # fmt: skip
    figure.alt = say(
        "Left, {H} units over {T} steps as two coloured maps: one sequence, and what changes in it "
        "when the sign of the flagged number is turned, from {number} to {turned}. Nothing changes "
        "before the flag at step {at}. Right, the answers of a read-out over the flagged number, a "
        "dot a sequence. Among numbers of one sign, answer and number correlate with {short} after "
        "{T} steps and with {long} after {longer}.",
        H=h.shape[1],
        T=T,
        number=plain(number),
        turned=plain(-number),
        at=at + 1,
        short=plain(follows[0]),
        long=plain(follows[1]),
        longer=longer,
    )
    return figure


def _answers(ax, params, T, places, rng):
    """A read-out's answers over the flagged number, fitted on 2,000 sequences; 200 more drawn."""
    fit, judge = (recall_problem(T, N, rng=rng, places=places) for N in (2000, 200))
    weights = fit_readout(rnn_forward(fit.xs, params).h[-1], fit.targets)
    wanted, answers = judge.targets[:, 0], read(rnn_forward(judge.xs, params).h[-1], weights)[:, 0]
    ax.plot(wanted, answers, "o", color=HIDDEN_LINE, ms=3)
    ax.plot([-1, 1], [-1, 1], color=FAINT, lw=2)
    ax.set(xlim=(-1.1, 1.1), ylim=(-1.2, 1.2), xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    ax.set(xlabel=say("the flagged number"))
    return wanted, answers


def distances_picture(T, rows, places):
    """Where the flag may stand in sequences of T numbers, a strip a row.

    rows: name -> the first of `places` places in a row, counted from 0.
    """
    with matplotlib.rc_context(RC):
        figure = picture(900, 60 + 44 * len(rows))
        ax = figure.subplots()
        ax.set(xlim=(-8.5, T + 2.5), ylim=(-0.6, len(rows) - 0.2))
        ax.set_axis_off()
        figure.alt = say("Sequences of {T} numbers, a strip each.", T=T)
        for y, (name, first) in zip(range(len(rows))[::-1], rows.items(), strict=True):
            here = [first <= t < first + places for t in range(T)]
            ax.bar(range(T), 0.42, 0.8, y - 0.21, color=[FORGET if f else FAINT for f in here])
            _label(ax, -1, y, name, ha="right", weight="bold")
            back = {"far": T - 1 - first, "near": T - first - places}
            words = say("one flag, at one of these steps, {near} to {far} before the end", **back)
            _label(ax, first - 0.4, y + 0.46, words, color=FORGET, ha="left")
            _label(ax, T - 0.2, y, say("answer"), ha="left", fontsize=10)
            figure.alt = say("{so_far} {name}: {words}.", so_far=figure.alt, name=name, words=words)
    return figure


def learning_picture(runs, every, places, learned):
    """How well recall is learned over a training, a panel a kind of start, a line a start.

    runs: title -> R^2 (times, starts), measured once every `every` updates, in some panels more
    often than in others. learned: the R^2 above which a start counts as having learned; these are
    blue, the others grey. places: of the flag; a state that holds everything and does not choose
    scores 1 / places (2.6).
    """
    with matplotlib.rc_context(RC):
        columns = min(len(runs), 3)
        rows = -(-len(runs) // columns)
        figure = picture(900, 90 + 210 * rows)
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat
        for ax in panels[len(runs) :]:
            ax.remove()
        panels = panels[: len(runs)]
        last = every * max(map(len, runs.values()))
        empty = panels[np.argmin([np.max(scores) for scores in runs.values()])]
        figure.alt = say("R² on fresh sequences over a training, a line a start.")
        for ax, (title, scores) in zip(panels, runs.items(), strict=True):
            scores = np.asarray(scores)
            updates, above = every * np.arange(1, len(scores) + 1), scores[-1] > learned
            for level, colour in ((learned, "#777777"), (1 / places, FORGET)):
                ax.axhline(level, color=colour, lw=1.2, ls=(0, (4, 3)))
            for course, blue in zip(scores.T, above, strict=True):
                ax.plot(updates, course, color=HIDDEN_LINE if blue else "#999999", lw=1.4)
            ax.set(xlim=(0, last), ylim=(-0.2, 1.25), yticks=(0, 0.5, 1))
            ax.set_title(title)
            ax.tick_params(labelbottom=True)
            ax.locator_params(axis="x", nbins=4)
            words = say("{learned} of {starts} learn", learned=above.sum(), starts=len(above))
            _label(ax, 0.04 * last, 1.13, words, color=HIDDEN_LINE, weight="bold", ha="left")
            figure.alt = say(
                "{so_far} {title}: {words}.", so_far=figure.alt, title=title, words=words
            )
        for y, words, colour in (
            (learned - 0.17, say("{learned}: the most if\nonly the sign is kept", learned=learned),
             "#777777"),
            (1 / places + 0.17, say("1 / {places}: the most\nwithout choosing", places=places),
             FORGET),
        ):  # fmt: skip
            _label(empty, 0.04 * last, y, words, color=colour, ha="left")
        for n, ax in enumerate(panels):
            if n % columns == 0:
                ax.set_ylabel("$R^2$")
            if n + columns >= len(runs):
                ax.set_xlabel(say("updates"))
    return figure


def door_wires(ax):
    """Draw on ax how a door and a store are wired: two units, and what leads to them.

    The weights that `door_and_store` takes are left out: they belong above the middle arrow (the
    gain) and above the store (its bias, and what it keeps of itself).
    """
    ax.set(xlim=(0, 6.4), ylim=(-1.6, 5.4))
    ax.set_axis_off()
    for x, name, what in ((1.9, say("door"), SIGNAL), (4.9, say("store"), HIDDEN_LINE)):
        ax.add_patch(FancyBboxPatch((x - 0.75, 2.1), 1.5, 0.9, fc="#eef6fb", ec=what, lw=2,
                                    boxstyle="round,pad=0.05"))  # fmt: skip
        _label(ax, x, 2.55, name, color=what, weight="bold")
    for x, came, weight, side, color in ((1.4, say("number"), "0.5", -0.2, SIGNAL),
                                         (2.4, say("flag"), "6", 0.2, FORGET)):  # fmt: skip
        _arrow(ax, [(x, 0.5), (x, 2.05)], color=color)
        _label(ax, x + side, 1.2, weight, color=color, ha="right" if side < 0 else "left")
        _label(ax, x + side / 2, 0.15, came, color=color)
    _arrow(ax, [(1.9, 3.9), (1.9, 3.05)], color=SIGNAL)
    _label(ax, 1.9, 4.2, say("bias {b}", b="−6"), color=SIGNAL)
    _arrow(ax, [(2.7, 2.55), (4.1, 2.55)])
    _arrow(ax, [(5.7, 2.55), (6.2, 2.55), (6.2, 3.9), (5.3, 3.9), (5.3, 3.05)])
    _arrow(ax, [(4.5, 3.9), (4.5, 3.05)])
    ax.set_title(say("Two units, set by hand"))


def gains_picture(gains, scores):
    """How well a store answers, over the gain with which the door feeds it.

    gains (N,): the weights from door to store. scores: noise -> R^2 (2.3), one a gain.
    """
    with matplotlib.rc_context(RC):
        figure = picture(760, 320)
        ax = figure.subplots()
        figure.alt = say("R² over the gain, a line a noise.")
        for (noise, r2), colour in zip(scores.items(), (HIDDEN_LINE, FORGET), strict=True):
            ax.plot(gains, r2, "o-", color=colour, ms=5)
            for x, y in zip(gains, r2, strict=True):
                _label(ax, x, y + (0.09 if noise == 0 else -0.09), plain(y), color=colour,
                       fontsize=10)  # fmt: skip
            said = ", ".join(f"{x:g}: {plain(y)}" for x, y in zip(gains, r2, strict=True))
            words = say("noise {noise:g}", noise=noise) if noise else say("no noise")
            y = (r2[0] + r2[1]) / 2 + (0.13 if noise else -0.13)
            _label(ax, np.sqrt(gains[0] * gains[1]), y, words, color=colour, weight="bold")
            figure.alt = say("{so_far} {words}: {said}.", so_far=figure.alt, words=words, said=said)
        ax.set(xscale="log", xlim=(0.8 * gains[0], 1.25 * gains[-1]), ylim=(-0.2, 1.2))
        ax.set_xticks(gains, [f"{x:g}" for x in gains])
        ax.minorticks_off()
        ax.set(xlabel=say("gain, from the door to the store"), ylabel="$R^2$", yticks=(0, 0.5, 1))
        ax.set_title(say("Too small a gain drowns in noise, too large a gain is bent"))
    return figure


def _layer(ax, x, loop, came_in):
    """One layer at x: sum, bias and tanh, with its input from below."""
    ax.add_patch(FancyBboxPatch((x - 0.42, 0.55), 0.82, 0.9, boxstyle="round,pad=0.02",
                                fc="#eef6fb", ec=HIDDEN_LINE, lw=1.6))  # fmt: skip
    circle = {"boxstyle": "circle,pad=0.16", "fc": "white", "ec": SIGNAL, "lw": 1.3}
    tanh = {"boxstyle": "round,pad=0.25", "fc": HIDDEN, "ec": HIDDEN_LINE, "lw": 1.3}
    _label(ax, x - 0.24, 1, "+", bbox=circle, weight="bold")
    _label(ax, x + 0.17, 1, "tanh", bbox=tanh, fontsize=10)
    _arrow(ax, [(x - 0.14, 1), (x - 0.03, 1)], color=SIGNAL)
    _label(ax, x - 0.24, 1.62, "$b$", color=SIGNAL)
    _arrow(ax, [(x - 0.24, 1.52), (x - 0.24, 1.16)], color=SIGNAL)
    _arrow(ax, [(x - 0.24, -0.42), (x - 0.24, 0.84)], color=SIGNAL)
    _label(ax, x - 0.24, -0.7, came_in, color=SIGNAL)
    if loop:
        _label(ax, x, 1.87, loop, color=HIDDEN_LINE, fontsize=10)


def _arrow(ax, corners, color=HIDDEN_LINE, ls="-"):
    """A line through the corners with a head at its end."""
    path = matplotlib.path.Path(corners)
    ax.add_patch(FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=13, lw=1.8,
                                 color=color, ls=ls, fill=False, shrinkA=0, shrinkB=0))  # fmt: skip


def _label(ax, x, y, words, **looks):
    ax.text(x, y, words, **{"ha": "center", "va": "center", **looks})


def _weight(v):
    return f"{v:g}".replace("-", "−")


def _pair(values):
    return "(" + ", ".join(plain(v) for v in values) + ")"
