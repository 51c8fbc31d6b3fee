"""Door and store, the two units of notebook 02 that choose and hold, in the reader's hands."""

import matplotlib
import numpy as np

from lstm_core import RNNParams, rnn_forward
from lstm_inside.page import Explorer, Words, picture, plain, slider, strokes, toggle
from lstm_inside.page.style import FAINT, FORGET, HIDDEN_LINE, RC, SIGNAL
from lstm_inside.rnn.figures import door_wires
from lstm_inside.rnn.memory import door_and_store, fit_readout, r_squared, read
from lstm_inside.words import say

_PLACES = 50  # the first flag stands at one of so many steps; a second one comes later
_FIRST, _SECOND = -0.84, 0.6  # what is flagged in the sequence that is drawn
_LOW, _HIGH = -1.5, 4.5  # heights of the store that are drawn, in gains


class _Streams:
    """Sequences of `steps` numbers with one flag or two, the noise, and what is wanted.

    xs: flags (False: one, True: two) -> (steps, N + 2, 4), where the last two sequences are
    drawn, the first as it is and the other for comparison; each has the noise of the two units as
    two more inputs. wanted: the same -> (N, 1), the number flagged last. at: the same -> the
    steps, from 0, of the flags in what is drawn.
    """

    def __init__(self, steps, N, rng):
        numbers = rng.uniform(-1, 1, (steps, N + 2)).astype(np.float32)
        numbers[:, -1] = numbers[:, -2]
        noise = rng.normal(size=(steps, N + 2, 2))
        noise[:, -1] = noise[:, -2]
        first, second = rng.integers(_PLACES, size=N), rng.integers(_PLACES, steps, size=N)
        first, second = np.append(first, [11, 11]), np.append(second, [63, 63])
        each = np.arange(N + 2)
        self.xs, self.wanted, self.at = {}, {}, {}
        for two in (False, True):
            xs = np.zeros((steps, N + 2, 4), np.float32)
            xs[..., 0], xs[..., 2:] = numbers, noise
            xs[11, -2:, 0] = (_FIRST, _SECOND if two else -_FIRST)
            xs[first, each, 1] = 1
            if two:
                xs[63, -2:, 0] = (_SECOND, _FIRST)
                xs[second, each, 1] = 1
            last = second if two else first
            self.xs[two] = xs
            self.wanted[two] = xs[last[:N], each[:N], 0][:, None].astype(float)
            self.at[two] = (11, 63) if two else (11,)


def door_explorer(steps=100, fitted=600, judged=600) -> Explorer:
    """A door that the flag opens and a store that holds: what they keep, and what spoils it."""
    streams = _Streams(steps, fitted + judged, np.random.default_rng(44))
    time = np.arange(1, steps + 1)
    with matplotlib.rc_context(RC):
        figure = picture(980, 430)
        grid = figure.add_gridspec(3, 2, width_ratios=(2, 3), height_ratios=(3, 3, 5))
        wires = figure.add_subplot(grid[:, 0])
        door_wires(wires)
        feeds = Words(wires, 3.4, 2.95, color=HIDDEN_LINE)
        bias = Words(wires, 4.15, 4.2, color=HIDDEN_LINE)
        keeps = Words(wires, 5.85, 4.2, color=HIDDEN_LINE)
        score = Words(wires, 3.2, -1, color=HIDDEN_LINE, weight="bold", fontsize=14)
        numbers, door, store = (figure.add_subplot(grid[row, 1]) for row in range(3))
        numbers.set(ylim=(-1.1, 1.1), yticks=(-1, 0, 1))
        numbers.set_title(say("Numbers come in, one or two of them flagged"))
        door.set(ylim=(-1.25, 0.75), yticks=(-1, 0))
        door.set_title(say("The door stands at −1 and opens for a flag"))
        store.set(ylim=(_LOW, _HIGH), yticks=range(5), xlabel=say("step t"))
        store.set_title(say("The height of the store, divided by the gain"))
        for ax in (numbers, door, store):
            ax.set(xlim=(0, 1.42 * steps), xticks=range(20, steps + 1, 20))
            ax.tick_params(labelbottom=ax is store)
        (others,) = numbers.plot([], [], color=FAINT, lw=2, solid_capstyle="butt")
        (flagged,) = numbers.plot([], [], color=FORGET, lw=4, solid_capstyle="butt")
        (opens,) = door.plot([], [], color=SIGNAL, lw=1.8)
        (pale,) = store.plot([], [], color=HIDDEN_LINE, lw=2.4, alpha=0.4)
        (held,) = store.plot([], [], color=HIDDEN_LINE, lw=2.4)
        ends = [Words(store, steps + 2, 0, ha="left", color=HIDDEN_LINE) for _ in range(2)]

    def update(keep, gain, noise, two):
        params = door_and_store(keep, gain)
        wide = np.concatenate([params.W_x, noise * np.eye(2)])  # the noise is two more inputs
        params = RNNParams(*(part.astype(np.float32) for part in params._replace(W_x=wide)))
        h = rnn_forward(streams.xs[two], params).h[1:].astype(float)
        wanted, last = streams.wanted[two], h[-1, :-2]
        weights = fit_readout(last[:fitted], wanted[:fitted])
        r2 = float(r_squared(wanted[fitted:], read(last[fitted:], weights))[0])
        xs, at = streams.xs[two][:, -2, 0], list(streams.at[two])
        others.set_data(*strokes(time, 0, xs))
        flagged.set_data(*strokes(time[at], 0, xs[at]))
        opens.set_data(time, h[:, -2, 0])
        for line, n in ((held, -2), (pale, -1)):
            line.set_data(time, np.clip(h[:, n, 1] / gain, _LOW, _HIGH))
        feeds.set_text(say("gain {gain:.3f}", gain=gain))
        bias.set_text(say("bias {b}", b=f"{gain:.3f}"))
        keeps.set_text(say("keeps {keep:.2f}", keep=keep))
        score.set_text(f"R² = {plain(r2)}")
        end, other = h[-1, -2:, 1]
        heights = np.clip([end / gain, other / gain], _LOW + 0.6, _HIGH - 0.6)
        _name_ends(ends, heights, (end / gain, other / gain), two)
        return {
            "r2": r2, "keep": keep, "gain": gain, "noise": noise, "two": two, "end": end,
            "other": other, "store": h[:, -2, 1], "door": h[:, -2, 0],
        }  # fmt: skip

    def describe(v):
        twice = v["two"]
        return say(
            "{steps} steps, two flags, and the number flagged last is wanted: R² = {r2} on "
            "{judged} fresh sequences. Here the store ends at {end} = {low} × gain after {first}, "
            "then {second}, and at {other} = {high} × gain in the other order (pale)."
            if twice
            else "{steps} steps, a flag at one of the first {places}: R² = {r2} on {judged} fresh "
            "sequences. Here the store ends at {end} = {low} × gain where {first} is flagged, and "
            "at {other} = {high} × gain where {turned} stands in its place (pale).",
            steps=steps,
            places=_PLACES,
            r2=plain(v["r2"]),
            judged=judged,
            end=plain(v["end"], 4),
            other=plain(v["other"], 4),
            low=plain(v["end"] / v["gain"]),
            high=plain(v["other"] / v["gain"]),
            first=plain(_FIRST),
            second=plain(_SECOND),
            turned=plain(-_FIRST),
        )

    return Explorer(
        "door",
        figure=figure,
        controls={
            "keep": slider("keep", 0.9, 1, 0.01, 1, quantity="f"),
            "gain": slider("gain", 0.005, 0.2, 0.005, 0.01, quantity="h", digits=3),
            "noise": slider("noise", 0, 0.005, 0.0005, 0, quantity="x", digits=4),
            "two": toggle("a second flag"),
        },
        moving=[others, flagged, opens, pale, held, feeds, bias, keeps, score, *ends],
        update=update,
        describe=describe,
        presets={
            "by hand": {},
            "a store that leaks": {"keep": 0.98},
            "noise": {"noise": 0.001},
            "noise, larger gain": {"noise": 0.001, "gain": 0.06},
            "bent": {"gain": 0.2},
            "second flag": {"two": True},
        },
    )


def _name_ends(words, heights, values, two):
    """Write at the store's two ends what it holds, in gains, and why, apart from each other."""
    middle, half = np.mean(heights), max(0.4, abs(heights[0] - heights[1]) / 2)
    sign = -1 if heights[0] <= heights[1] else 1
    pairs = ((_FIRST, _SECOND), (_SECOND, _FIRST)) if two else ((_FIRST, None), (-_FIRST, None))
    for label, value, (first, second), side in zip(
        words, values, pairs, (sign, -sign), strict=True
    ):
        label.set_y(middle + side * half)
        label.set_text(
            say("{end} (flagged: {number})", end=plain(value), number=plain(first))
            if second is None
            else say("{end} ({first}, then {second})", end=plain(value), first=plain(first),
                     second=plain(second))
        )  # fmt: skip
