"""The view of notebook 08 on a dead block: a gate that never opens is never told to."""

from functools import lru_cache

import matplotlib
import numpy as np

from lstm_core import sigmoid
from lstm_inside.page import Explorer, Words, choice, slider, whole
from lstm_inside.page.style import CELL_LINE, FAINT, FORGET, GRADIENT, INPUT, RC, SIGNAL, picture
from lstm_inside.replication.blocks import (
    blocks_backward,
    blocks_forward,
    init_blocks,
    sigmoid_slope,
    with_weights,
)
from lstm_inside.replication.protocols import adding_protocol
from lstm_inside.replication.statistics import stored_results
from lstm_inside.words import Sentences, say

BATCH = 32
_FLOOR = 1e-9
NETWORKS = {"−3, −6: as drawn": None, "−3, −6: trained": "adding-1997",
            "−3, −3: trained": "adding-3-3"}  # fmt: skip
_CALLED = Sentences(
    {
        "−3, −6: as drawn": "−3, −6: as drawn",
        "−3, −6: trained": "−3, −6: trained",
        "−3, −3: trained": "−3, −3: trained",
    }
)
_COLOURS = INPUT, FORGET  # block 1, block 2


def dead_block_explorer() -> Explorer:
    """The two blocks of the adding network: how far each opens, holds, learns, and is missed."""
    protocol = adding_protocol()
    net, rng = protocol.net, np.random.default_rng(22)
    drawn = protocol.task.draw(2 * BATCH, rng)
    both = np.flatnonzero((drawn.xs[..., 1] == 1).sum(axis=0) == 2)[:BATCH]  # a marked first
    xs, targets, due = (part[:, both] for part in drawn)  # pair would carry -1, and count as 0
    last = due.argmax(axis=0)
    steps = np.arange(1, len(xs) + 1)
    with matplotlib.rc_context(RC):
        figure = picture(900, 520)
        axes = figure.subplots(3, 2, height_ratios=(2, 4, 4), width_ratios=(5, 3))
        (inputs, gates, cells), (missed, *lower) = axes.T
        for ax in lower:
            ax.remove()
        learns = figure.add_subplot(axes[0, 0].get_gridspec()[1:, 1])
        for ax in (inputs, gates, cells):
            ax.set_xlim(0, len(xs) + 1)
        inputs.set_title(say("The numbers; the two marked ones are to be added"))
        inputs.set(ylim=(-1.3, 1.3), xticks=[])
        gates.set_title(say("Input gates, on a logarithmic axis"))
        gates.set(ylim=(1e-6, 60), yscale="log", xticks=[], yticks=(1e-6, 1e-4, 1e-2, 1))
        cells.set_title(say("What the cells hold"))
        cells.set(ylim=(-1.6, 1.6), xlabel=say("step t"))
        cells.axhline(0, color=FAINT, lw=1)
        learns.set_title(say("Size of the gradient into each block"))
        learns.set(xlim=(0.4, 2.6), ylim=(_FLOOR, 10), yscale="log", xticks=(1, 2))
        learns.set_xticklabels((say("block 1"), say("block 2")))
        missed.set_title(say("Mean error of 32 answers"))
        missed.axis("off")
        (numbers,) = inputs.plot([], [], ".", color=FAINT, ms=3)
        (marked,) = inputs.plot([], [], "o", color=CELL_LINE, ms=7)
        end = [ax.axvline(0, color=SIGNAL, ls=":", lw=1) for ax in (gates, cells)]
        opened = [gates.plot([], [], color=colour)[0] for colour in _COLOURS]
        held = [
            [cells.plot([], [], color=colour)[0] for _ in range(net.size)] for colour in _COLOURS
        ]
        dots = [learns.plot([], [], "o", color=colour, ms=9)[0] for colour in _COLOURS]
        named = [Words(gates, 3 + 45 * n, 10, color=colour, weight="bold", ha="left")
                 for n, colour in enumerate(_COLOURS)]  # fmt: skip
        said = [Words(missed, 0, 0.8 - 0.35 * n, color=GRADIENT, ha="left") for n in range(3)]

    @lru_cache(maxsize=len(NETWORKS))
    def weights(network):
        row = NETWORKS[network]
        if row is None:
            rngs = [np.random.default_rng(1997)]
            return init_blocks(net, protocol.within, rngs=rngs, **protocol.biases)
        [record] = [r for r in stored_results() if r["row"] == row]
        return with_weights(net, record["trials"][0]["weights"])

    def mean_error(cells, output):
        """Of the answers read from the cells' outputs at the last steps, (BATCH, C)."""
        answers = sigmoid(cells @ output[: net.cells] + output[-1])
        return float(np.abs(answers - targets[last, range(BATCH)]).mean())

    @lru_cache(maxsize=1)  # moving to another sequence changes nothing of this
    def measured(network, shift):
        params = weights(network)
        hidden, output = params.hidden.copy(), params.output
        hidden[0, -1, net.gate("i")][1] += shift
        params = params._replace(hidden=hidden)
        y, trace = blocks_forward(xs[:, None], params, net)
        da = (y - targets[:, None]) * due[:, None, :, None] * sigmoid_slope(y)
        change = blocks_backward(da / BATCH, trace, params, net).hidden[0]
        shown = trace.seen[last + 1, 0, range(BATCH), net.gates :]
        sizes, errors = [], [mean_error(shown, output[0])]
        for block in range(net.blocks):
            mine = np.arange(net.cells) // net.size == block
            columns = np.zeros(net.gates + net.cells, dtype=bool)
            columns[net.gate("i")][block] = True
            columns[net.gates :] = mine
            sizes.append(float(np.linalg.norm(change[:, columns])))
            errors.append(mean_error(np.where(mine, 0, shown), output[0]))
        return trace, sizes, errors

    def update(network, shift, sequence):
        trace, sizes, errors = measured(network, shift)
        b = sequence - 1
        T = last[b] + 1
        numbers.set_data(steps[:T], xs[:T, b, 0])
        at = np.flatnonzero(xs[:T, b, 1] == 1)
        marked.set_data(steps[at], xs[at, b, 0])
        for line in end:
            line.set_xdata([T, T])
        i = trace.seen[1 : T + 1, 0, b, net.gate("i")]
        c = trace.c[1 : T + 1, 0, b]
        highest = trace.seen[1:, 0, :, net.gate("i")].max(axis=(0, 1))
        for n, (line, dot) in enumerate(zip(opened, dots, strict=True)):
            line.set_data(steps[:T], np.maximum(i[:, n], 1e-6))
            for cell, one in enumerate(held[n]):
                one.set_data(steps[:T], np.clip(c[:, n, cell], -1.55, 1.55))
            dot.set_data([n + 1], [max(sizes[n], 2 * _FLOOR)])
            named[n].set_text(say("block {n}: at most {highest:.2g}", n=n + 1, highest=highest[n]))
        whole_error, *without = errors
        said[0].set_text(say("{whole_error:.4f}   as it is", whole_error=whole_error))
        for n, error in enumerate(without, 1):
            said[n].set_text(
                say("{error:.4f}   with block {n} cut off from the answer", error=error, n=n)
            )
        return {
            "network": network, "highest": highest, "sizes": np.array(sizes),
            "error": whole_error, "without": np.array(without), "i": i, "c": c,
        }  # fmt: skip

    def describe(v):
        (one, two), (mine, other) = v["highest"], v["sizes"]
        return say(
            "{network}. The input gate of block 1 opens to {one:.2g} at most, that of block 2 to "
            "{two:.2g}; the gradient into block 2 is {other:.2g} times that into block 1. The "
            "mean error is {error:.4f}, without block 1 {without:.4f}, without block 2 "
            "{without_2:.4f}.",
            network=_CALLED[v["network"]],
            one=one,
            two=two,
            other=other / mine,
            error=v["error"],
            without=v["without"][0],
            without_2=v["without"][1],
        )

    return Explorer(
        "dead_block",
        figure=figure,
        controls={
            "network": choice(
                "input-gate biases", [(_CALLED[n], n) for n in NETWORKS], "−3, −6: trained"
            ),
            "shift": slider("block 2: add to its bias", -2, 6, 0.5, 0, quantity="i", digits=1),
            "sequence": whole("sequence", 1, BATCH, 1),
        },
        moving=[numbers, marked, *end, *opened, *held[0], *held[1], *dots, *named, *said],
        update=update,
        describe=describe,
        presets={
            "newborn": {"network": "−3, −6: as drawn"},
            "dead": {},
            "pushed open": {"shift": 6.0},
            "both at work": {"network": "−3, −3: trained"},
        },
    )
