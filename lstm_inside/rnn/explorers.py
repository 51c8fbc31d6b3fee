"""What a reader moves in notebook 02: a knock, memory, choosing, gradients in time.

The two units of the beginning stand in `explorers_units`, door and store in `explorers_door`.
"""

import matplotlib
import numpy as np

from lstm_core import RNNParams, rnn_forward
from lstm_inside.page import (
    Explorer,
    Pixels,
    Words,
    choice,
    plain,
    slider,
    strokes,
    whole,
)
from lstm_inside.page.style import (
    FAINT,
    FORGET,
    GRADIENT,
    HIDDEN,
    HIDDEN_LINE,
    RC,
    SIGNED,
    picture,
)
from lstm_inside.rnn.explorers_door import door_explorer
from lstm_inside.rnn.explorers_units import units_explorer
from lstm_inside.rnn.memory import (
    delay_line,
    fit_readout,
    gradient_bound,
    gradient_lengths,
    largest_singular_value,
    nudge_lengths,
    r_squared,
    read,
    recall_inputs,
    reservoir,
)
from lstm_inside.words import Sentences, say

_UNITS = 24
# The largest eigenvalue of this one is real: what is left of a knock falls along a straight line.
_KNOCKED = reservoir(_UNITS, 1.0, rng=np.random.default_rng(39))
KINDS = ("random", "orthogonal", "delay line")
CALLED = Sentences({"random": "random", "orthogonal": "orthogonal", "delay line": "delay line"})
ENDS = Sentences({"wanted": "wanted", "said": "said"})
# At a line's end: it stays inside the axes, has left them by the last step, or is exactly 0.
CEILING_WORDS = Sentences(
    {
        "stays": "ceiling (σ max)ᵏ: {left:.2g}",
        "left": "ceiling (σ max)ᵏ at k = {k}: {left:.2g}",
        "gone": "ceiling (σ max)ᵏ: {left:.2g} at k = {k}, then 0",
    }
)
GRADIENT_WORDS = Sentences(
    {
        "stays": "gradient, back: {left:.2g}",
        "left": "gradient, back, at k = {k}: {left:.2g}",
        "gone": "gradient, back: {left:.2g} at k = {k}, then 0",
    }
)
NUDGE_WORDS = Sentences(
    {
        "stays": "nudge, forward: {left:.2g}",
        "left": "nudge, forward, at k = {k}: {left:.2g}",
        "gone": "nudge, forward: {left:.2g} at k = {k}, then 0",
    }
)
_MARKS = {"stays": "", "up": "^", "down": "v", "gone": "x"}  # at a line's end
_FLOOR, _CEILING = 1e-12, 1e12  # a gradient's line ends here; beyond is room for words
_PALE = 0.25  # of a state that is still to come


def network(kind, strength, input_strength=1.0, *, D=1) -> RNNParams:
    """The explorers' network of 24 units: one of KINDS, W_h and W_x scaled.

    strength: the spectral radius of W_h; of a delay line the weight from unit to unit.
    """
    base = _BASES[kind, D]
    return RNNParams(base.W_x * input_strength, base.W_h * strength, base.b)


def _base(kind, D):
    if kind == "delay line":
        return delay_line(_UNITS, D=D, input_strength=1.0)
    return reservoir(_UNITS, 1.0, rng=np.random.default_rng(22), D=D, kind=kind)


_BASES = {(kind, D): _base(kind, D) for kind in KINDS for D in (1, 2)}


def _strength(most, value):
    """The slider of W_h's strength, which says what it is of a delay line."""
    tip = say("the spectral radius; of a delay line the weight from unit to unit")
    return slider("strength of W_h", 0, most, 0.05, value, quantity="h", tip=tip)


# ---------------------------------------------------------------- a knock


def unrolling_explorer(steps=60) -> Explorer:
    """A single knock at step 5, and what the 24 units of an RNN make of it (2.1), (2.4).

    Step 0 is the start, before anything comes in.
    """
    angle = np.linspace(0, 2 * np.pi, 200)
    with matplotlib.rc_context(RC):
        figure = picture(900, 440)
        ax = figure.subplot_mosaic([["h", "values"], ["size", "values"]], width_ratios=(3, 2))
        heat = Pixels.on(ax["h"], np.zeros((_UNITS, steps)), cmap=SIGNED, vmin=-1, vmax=1)
        ax["h"].set(ylabel=say("unit"), yticks=(0, 8, 16))
        tens = range(10, steps, 10)
        ax["h"].set_xticks((0, 5, *tens), ("0", say("knock"), *tens))
        ax["h"].set_title(say("The state h: every unit over time"))
        figure.colorbar(heat, ax=ax["h"], ticks=(-1, 0, 1), pad=0.02, label=say("value"))
        ax["size"].set(
            xlim=(-0.5, steps - 0.5), yscale="log", ylim=(1e-6, 300), xlabel=say("step t")
        )
        ax["size"].set_title(say("Length of the state h (dashed: times the strength per step)"))
        at_t = Words(ax["size"], 0, 60, color="#111111")
        ax["values"].plot(np.cos(angle), np.sin(angle), color=FAINT, lw=1.4)
        ax["values"].text(
            0, 1.2, say("circle of radius 1"), color="#777777", ha="center", fontsize=10
        )
        radius = Words(ax["values"], 0, -1.4, color=FORGET, weight="bold")
        ax["values"].set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), xticks=(-1, 0, 1), yticks=(-1, 0, 1))
        ax["values"].set(xlabel=say("real part"), ylabel=say("imaginary part"), aspect="equal")
        ax["values"].set_title(say("Eigenvalues of $W_h$"))
        (rate,) = ax["size"].plot([], [], color=FORGET, lw=1.4, ls=(0, (4, 3)))
        (coming,) = ax["size"].plot([], [], color=HIDDEN_LINE, alpha=_PALE)
        (length,) = ax["size"].plot([], [], color=HIDDEN_LINE)
        (dots,) = ax["values"].plot([], [], "o", color=HIDDEN_LINE, ms=5)
        (largest,) = ax["values"].plot([], [], "o", color=FORGET, ms=9)
        cursors = [
            ax[key].axvline(0, color="#111111", lw=1.1, ls=(0, (3, 2)), zorder=5)
            for key in ("h", "size")
        ]
    values = np.linalg.eigvals(_KNOCKED.W_h)
    first = values[np.abs(values).argmax()]

    def update(t, strength, knock_size):
        params = _KNOCKED._replace(W_h=strength * _KNOCKED.W_h)
        xs = np.zeros((steps - 1, 1, 1))
        xs[4] = knock_size  # what comes in at step 5
        h = rnn_forward(xs, params).h[:, 0]
        size = np.linalg.norm(h, axis=1)
        heat.set_data(np.where(np.arange(steps) > t, _PALE, 1) * h.T)
        coming.set_data(np.arange(steps), np.maximum(size, _FLOOR))
        length.set_data(np.arange(t + 1), np.maximum(size[: t + 1], _FLOOR))
        by_strength = size[5] * strength ** np.arange(steps - 5.0)
        shown = (by_strength > 1e-7) & (by_strength < 20)  # above stand the words
        rate.set_data(np.arange(5, steps)[shown], by_strength[shown])
        dots.set_data(strength * values.real, strength * values.imag)
        largest.set_data([strength * first.real], [strength * first.imag])
        radius.set_text(say("largest |λ|: {strength:.2f}", strength=strength))
        for cursor in cursors:
            cursor.set_xdata([t, t])
        at_t.set_position((t + (1 if t < steps / 2 else -1), 60))
        at_t.set_ha("left" if t < steps / 2 else "right")
        at_t.set_text(say("t = {t}: length {size:.2g}", t=t, size=size[t]))
        return {"t": t, "h": h, "size": size, "strength": strength}

    def describe(v):
        return say(
            "Strength {strength:.2f}. The knock makes a state of length {size:.2f}; at step {t} "
            "its length is {size_2:.2g}, at the last step {size_3:.2g}.",
            strength=v["strength"],
            size=v["size"][5],
            t=v["t"],
            size_2=v["size"][v["t"]],
            size_3=v["size"][-1],
        )

    return Explorer(
        "unrolling",
        figure=figure,
        controls={
            "t": whole("walked up to step t", 0, steps - 1, 20, quantity="x"),
            "strength": slider("strength of W_h", 0, 1.5, 0.05, 0.9, quantity="h"),
            "knock_size": slider("size of the knock", -2, 2, 0.1, 1, quantity="x", digits=1),
        },
        moving=[heat, rate, coming, length, dots, largest, radius, at_t, *cursors],
        update=update,
        describe=describe,
        play="t",
    )


# ---------------------------------------------------------------- memory


def memory_explorer(steps=900, lags=60) -> Explorer:
    """How much of the input of k steps ago a linear read-out finds in the state (2.5)."""
    return _memory("memory", False, steps, lags)


def random_memory_explorer(steps=900, lags=60) -> Explorer:
    """The same of random weights alone: the other kinds come later on the page."""
    return _memory("random_memory", True, steps, lags)


def _memory(name, random_only, steps, lags):
    noise = np.random.default_rng(23).uniform(-1, 1, steps)
    with matplotlib.rc_context(RC):
        figure = picture(900, 320)
        ax = figure.subplots()
        ax.set(xlim=(0, lags), ylim=(-0.2, 1.2), xlabel=say("k steps ago"), ylabel="$R^2$")
        ax.set_title(say("How well the input of k steps ago is read from the state"))
        ax.axhline(0, color=FAINT, lw=1.2)
        ax.axvline(_UNITS, color=FAINT, lw=1.2, ls=(0, (4, 3)))
        ax.text(_UNITS + 0.6, 1.1, say("24 units"), color="#777777", va="center")
        (r2,) = ax.plot([], [], color=HIDDEN_LINE, lw=2.6)
        area = ax.fill_between([0, 1], [0, 0], color=HIDDEN, alpha=0.25, lw=0)
        total = Words(ax, 0.97 * lags, 0.9, ha="right", color=HIDDEN_LINE, weight="bold")

    def update(strength, input_strength, kind="random"):
        h = rnn_forward(noise[:, None, None], network(kind, strength, input_strength)).h[1:, 0]
        recalled = recall_inputs(h, noise, lags)
        memory, lag = recalled.r2, np.arange(lags + 1)
        r2.set_data(lag, memory)
        area.set_data(lag, np.zeros(lags + 1), np.maximum(0, memory))
        total.set_text(say("area = capacity: {capacity:.1f} of 24", capacity=recalled.capacity))
        half = int(np.flatnonzero(np.append(True, memory >= 0.5))[-1])  # the first k below it
        return {"memory": memory, "capacity": recalled.capacity, "half": half, "kind": kind}

    def describe(v):
        return say(
            "W_h: {kind}. Reading the input of k steps ago, R² falls below one half at k = {half}. "
            "The capacity is {capacity:.1f}, and {UNITS} units can hold {UNITS} at most."
            if v["half"]
            else "W_h: {kind}. Reading the input of k steps ago, R² is below one half for every k: "
            "what is held is spread thinly over many steps. The capacity is {capacity:.1f}, and "
            "{UNITS} units can hold {UNITS} at most.",
            kind=CALLED[v["kind"]],
            half=v["half"],
            capacity=v["capacity"],
            UNITS=_UNITS,
        )

    return Explorer(
        name,
        figure=figure,
        controls={
            **({} if random_only else {"kind": choice("W_h", KINDS, "random")}),
            "strength": _strength(1.5, 0.9),
            "input_strength": slider("input strength", 0.05, 3, 0.05, 1, quantity="x"),
        },
        moving=[area, r2, total],
        update=update,
        describe=describe,
        presets={
            "random": {},
            "random, loud input": {"input_strength": 3},
            "random, soft input": {"input_strength": 0.05},
            **({} if random_only else {
                "orthogonal, soft input": {"kind": "orthogonal", "input_strength": 0.05},
                "delay line": {"kind": "delay line", "strength": 1.0, "input_strength": 0.05},
            }),
        },
    )  # fmt: skip


# ---------------------------------------------------------------- choosing


def choosing_explorer(most=25, fitted=1400, judged=500) -> Explorer:
    """Recall, read linearly from the last state: what holding everything is worth (2.6)."""
    rng = np.random.default_rng(38)
    N = fitted + judged
    numbers, where = rng.uniform(-1, 1, (most, N)), rng.random(N)
    each, shown = np.arange(N), fitted  # the sequence that the left picture draws
    with matplotlib.rc_context(RC):
        figure = picture(900, 380)
        stream, answers = figure.subplots(1, 2, width_ratios=(5, 4))
        stream.set(xlim=(-1, most + 6), ylim=(-1.25, 1.6), xlabel=say("step t"), yticks=(-1, 0, 1))
        stream.set_ylabel(say("number"))
        stream.set_xticks(range(-1, most, 10), range(0, most + 1, 10))
        stream.grid(False)
        stream.set_title(say("One of 500 sequences, and the answer"))
        (ground,) = stream.plot([], [], color=FAINT, lw=1)
        (others,) = stream.plot([], [], color=FAINT, lw=4, solid_capstyle="butt")
        (flagged,) = stream.plot([], [], color=FORGET, lw=5, solid_capstyle="butt")
        (places_line,) = stream.plot([], [], color=FORGET, lw=2, alpha=0.6)
        stream.text(-0.6, 1.42, say("the flag may stand here:"), color=FORGET, va="center")
        ends = {
            "wanted": (stream.plot([], [], "D", color=FORGET, ms=9)[0],
                       Words(stream, 0, 0, ha="left", color=FORGET, weight="bold")),
            "said": (stream.plot([], [], "D", color=HIDDEN_LINE, ms=9)[0],
                     Words(stream, 0, 0, ha="left", color=HIDDEN_LINE, weight="bold")),
        }  # fmt: skip
        answers.set(xlim=(-1.1, 1.1), ylim=(-1.6, 1.9), xlabel=say("the flagged number"))
        answers.set(
            ylabel=say("the answer read from the state"), xticks=(-1, 0, 1), yticks=(-1, 0, 1)
        )
        answers.plot([-1, 1], [-1, 1], color=FAINT, lw=2)
        answers.text(0.62, 0.98, say("right answers"), color="#777777", ha="center")
        answers.set_title(say("200 of them: right answers lie on the diagonal"))
        # Dots as the round ends of one broken line: markers of their own take 10 ms to write.
        (dots,) = answers.plot([], [], color=HIDDEN_LINE, lw=4, solid_capstyle="round")
        score = Words(answers, -1.02, 1.68, ha="left", color=HIDDEN_LINE, weight="bold")
        best = Words(answers, -1.02, 1.42, ha="left", color="#777777")

    def update(kind, strength, input_strength, T, places):
        at = (where * places).astype(int)
        xs = np.zeros((T, N, 2), np.float32)  # twice as fast, and exact enough for R²
        xs[..., 0] = numbers[:T]
        xs[at, each, 1] = 1
        wanted = numbers[at, each][:, None]
        params = network(kind, strength, input_strength, D=2)
        params = RNNParams(*(part.astype(np.float32) for part in params))
        h = rnn_forward(xs, params).h[-1].astype(float)
        guess = read(h, fit_readout(h[:fitted], wanted[:fitted]))[fitted:]
        r2 = float(r_squared(wanted[fitted:], guess)[0])
        time = np.arange(T)
        ground.set_data([-1, T], [0, 0])
        others.set_data(*strokes(time, 0, numbers[:T, shown]))
        flagged.set_data([at[shown]] * 2, [0, numbers[at[shown], shown]])
        places_line.set_data([-0.45, places - 0.55], [1.22, 1.22])
        values = {"wanted": wanted[shown, 0], "said": float(np.clip(guess[0, 0], -1.2, 1.2))}
        middle = np.mean(list(values.values()))
        apart = max(0.0, 0.1 - abs(values["said"] - middle))  # so that the words do not touch
        for (key, (diamond, words)), value in zip(ends.items(), values.values(), strict=True):
            diamond.set_data([T + 0.4], [value])
            words.set_position((T + 1.1, value + np.copysign(apart, value - middle)))
            words.set_text(ENDS[key])
        x, y = wanted[fitted:][:200, 0], np.clip(guess[:200, 0], -1.5, 1.5)
        dots.set_data(*strokes(x, y, y, across=0.005))
        score.set_text(f"R² = {plain(r2)}")
        best.set_text(
            say(
                "holds all, chooses none: 1 / {places} = {places_2:.2f}",
                places=places,
                places_2=1 / places,
            )
        )
        return {
            "r2": r2, "ceiling": 1 / places, "kind": kind, "T": T, "places": places,
            "truth": wanted[fitted:, 0], "guess": guess[:, 0],
        }  # fmt: skip

    def describe(v):
        where = (
            say("at step 1")
            if v["places"] == 1
            else say("at one of the first {places} steps", places=v["places"])
        )
        too_long = v["kind"] == "delay line" and v["T"] > _UNITS
        return say(
            "W_h: {kind}. {T} numbers, the flag stands {where}. On 500 sequences that the "
            "read-out was not fitted on, R² = {r2}; a perfect memory that does not choose "
            "gets 1 / {places} = {ceiling:.2f}. But a line of {UNITS} units holds the last {UNITS} "
            "numbers only."
            if too_long
            else "W_h: {kind}. {T} numbers, the flag stands {where}. On 500 sequences that the "
            "read-out was not fitted on, R² = {r2}; a perfect memory that does not choose "
            "gets 1 / {places} = {ceiling:.2f}.",
            kind=CALLED[v["kind"]],
            T=v["T"],
            where=where,
            r2=plain(v["r2"]),
            places=v["places"],
            ceiling=v["ceiling"],
            UNITS=_UNITS,
        )

    return Explorer(
        "choosing",
        figure=figure,
        controls={
            "kind": choice("W_h", KINDS, "delay line"),
            "places": whole("places for the flag", 1, 10, 10, quantity="f"),
            "T": whole("length T", 10, most, 20, quantity="x"),
            "strength": _strength(1.5, 1),
            "input_strength": slider("input strength", 0.05, 3, 0.05, 0.05, quantity="x"),
        },
        moving=[ground, others, flagged, places_line, *sum(ends.values(), ()), dots, score, best],
        update=update,
        describe=describe,
        presets={
            "ten places": {},
            "two places": {"places": 2},
            "known place": {"places": 1},
            "too long a wait": {"places": 1, "T": 25},
            "random, known place": {"kind": "random", "strength": 0.9, "places": 1},
        },
    )


# ---------------------------------------------------------------- gradients in time


def vanishing_explorer(most=60) -> Explorer:
    """A nudge of the first state on its way to the last, and the gradient back (2.7), (2.8)."""
    noise = np.random.default_rng(24).uniform(-1, 1, 100)
    with matplotlib.rc_context(RC):
        figure = picture(900, 380)
        flow = figure.subplots()
        flow.set(xlim=(0, 1.36 * most), yscale="log", ylim=(1e-17, 1e17), ylabel=say("length"))
        flow.set(xlabel=say("k steps on from the start (nudge), or back from the end (gradient)"))
        flow.set_xticks(range(0, most + 1, 10))
        flow.set_yticks([10.0**n for n in range(-12, 13, 6)])
        flow.minorticks_off()
        flow.set_title(say("The same steps, walked forward and backward, under one ceiling"))
        lines = (
            flow.plot([], [], color=FORGET, lw=1.8)[0],
            flow.plot([], [], color=HIDDEN_LINE, lw=2.4)[0],
            flow.plot([], [], color=GRADIENT, ls=(0, (4, 2)), lw=2.4)[0],
        )
        labels = [Words(flow, 0, 1, ha="left", color=line.get_color(), weight="bold")
                  for line in lines]  # fmt: skip
        ends = [flow.plot([], [], "^", color=line.get_color(), ms=8, clip_on=False)[0]
                for line in lines]  # fmt: skip
        said = Words(flow, 0.8, 10**15.2, ha="left", color="#222222", weight="bold")
        ways = say("▲ ▼ the line leaves the picture     × from here on exactly 0")
        flow.text(0.8, 10**-16.2, ways, color="#777777", fontsize=10, va="center")

    def update(kind, strength, input_strength, T):
        params = network(kind, strength, input_strength)
        xs = noise[-T:, None, None]
        sigma = largest_singular_value(params.W_h)
        found = (
            gradient_bound(params.W_h, T),
            nudge_lengths(xs, params)[:, 0],
            gradient_lengths(xs, params)[:, 0],
        )
        for line, length in zip(lines, found, strict=True):
            line.set_data(np.arange(T + 1), _inside(length))
        highest, texts = np.inf, (CEILING_WORDS, NUDGE_WORDS, GRADIENT_WORDS)
        behind = max(_end(found[1])[0], _end(found[2])[0])  # lines that rise end nearly together
        for n in (0, *sorted((1, 2), key=lambda n: -_rank(found[n]))):
            up, least = (-0.4, behind) if n else (1.1, 0)
            height = _at_the_end(labels[n], ends[n], found[n], texts[n], up, highest, least)
            highest = height - 1.9  # decades below it for the next
        said.set_text(
            say("σ max = {sigma:.2f}: {sigma_2}", sigma=sigma, sigma_2=what_follows(sigma))
        )
        bound, nudge, length = found
        return {"length": length, "nudge": nudge, "bound": bound, "sigma": sigma, "T": T}

    def describe(v):
        k, _, how = _end(v["nudge"])
        gone = how == "gone" and not v["length"][k + 1]
        at = k if gone else v["T"]
        return say(
            "Largest singular value {sigma:.2f}. After {k} steps {nudge:.2g} of the nudge and "
            "{length:.2g} of the gradient are left; the ceiling there is {bound:.2g}. One step "
            "further nothing is left of either, exactly 0."
            if gone
            else "Largest singular value {sigma:.2f}. After {k} steps {nudge:.2g} of the nudge and "
            "{length:.2g} of the gradient are left; the ceiling is {bound:.2g}.",
            sigma=v["sigma"],
            k=at,
            nudge=v["nudge"][at],
            length=v["length"][at],
            bound=v["bound"][at],
        )

    return Explorer(
        "vanishing",
        figure=figure,
        controls={
            "kind": choice("W_h", KINDS, "random"),
            "strength": _strength(3, 0.9),
            "input_strength": slider("input strength", 0, 3, 0.05, 1, quantity="x"),
            "T": whole("sequence length T", 5, most, 60, quantity="x"),
        },
        moving=[*lines, *ends, *labels, said],
        update=update,
        describe=describe,
        presets={
            "rising ceiling": {},
            "must vanish": {"strength": 0.5},
            "grows": {"strength": 3.0},
            "orthogonal, soft input": {
                "kind": "orthogonal", "strength": 1.0, "input_strength": 0.05,
            },
            "delay line": {"kind": "delay line", "strength": 1.0, "input_strength": 0.05},
        },
    )  # fmt: skip


def _inside(length):
    """The lengths that the axes show; a line ends where the others begin."""
    return np.where((length >= _FLOOR) & (length <= _CEILING), length, np.nan)


def _end(length):
    """Where a line ends inside the axes: k, its length there, and how, one of _MARKS."""
    k = int(np.flatnonzero(np.isfinite(_inside(length)))[-1])
    if k + 1 == len(length):
        return k, length[k], "stays"
    after = length[k + 1]
    return k, length[k], "up" if after > 1 else "down" if after else "gone"


def _rank(length):
    """What two lines are ordered by: what is left, or was left before it became exactly 0."""
    _, height, how = _end(length)
    return height if how == "gone" else length[-1]


def _at_the_end(words, mark, length, texts, up, highest, least):
    """Put words `up` decades above a line's last place inside the axes, and at `highest` at most.

    Where the line ends before the last step, a mark says how. least: a step that the words of a
    line that leaves upward stand behind. Returns the words' height in decades.
    """
    k, height, how = _end(length)
    mark.set_data(*(([], []) if how == "stays" else ([k], [height])))
    mark.set_marker(_MARKS[how])
    falls = how in ("down", "gone")
    at = min(np.log10(height) + (-1.1 if falls else up), highest)
    place = max(k, least) if how == "up" else k
    right = how != "stays" and place > 45  # long words, and no room beside the line
    words.set_position((81 if right else place + 0.8, 10.0**at))
    words.set_ha("right" if right else "left")
    if how == "gone":
        words.set_text(texts["gone"].format(k=k, left=height))
    else:
        key = "stays" if how == "stays" else "left"
        words.set_text(texts[key].format(k=len(length) - 1, left=length[-1]))
    return at


def what_follows(sigma) -> str:
    """What the largest singular value alone says about a tanh network (2.8)."""
    if abs(sigma - 1) < 1e-9:
        return say("the gradient cannot grow")
    return say("the gradient must vanish") if sigma < 1 else say("it may grow, and it may vanish")


EXPLORERS = {
    "units": units_explorer,
    "unrolling": unrolling_explorer,
    "random_memory": random_memory_explorer,
    "memory": memory_explorer,
    "choosing": choosing_explorer,
    "door": door_explorer,
    "vanishing": vanishing_explorer,
}
