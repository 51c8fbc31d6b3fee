"""Published experiments run again, with their protocols; writes the rows that notebook 08 reads.

    python benchmarks/replication.py                    every row (hours on one core)
    python benchmarks/replication.py adding order       these rows
    python benchmarks/replication.py --short            every row with few trials and a low cap
    python benchmarks/replication.py --list             the rows' names

A row is a network, a task, a learning rule and a number of trials, each with a generator of its
own. Rows that are run replace their namesakes in the file; the others stay. A `--short` run
writes to short.json, beside the file that the notebook draws from. Nothing in a file
depends on the clock or on the machine, except the digits that the versions named in it round.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from lstm_inside.replication import (
    VARIANTS,
    BlockModel,
    Blocks,
    VariantModel,
    adding_protocol,
    bootstrap,
    continual_trials,
    embedded_sets,
    init_blocks,
    lag_protocol,
    learn_without_cells,
    order_protocol,
    reber_protocol,
    reber_trials,
    stream_trials,
    string_trials,
    train_trials,
    wilson,
)
from lstm_inside.training import SGD, Adam, arrays_of, each_array

RESULTS = Path(__file__).parent.parent / "lstm_inside" / "replication"
PAPER_1997, PAPER_2000 = "Hochreiter & Schmidhuber 1997", "Gers et al. 2000"


@dataclass(frozen=True)
class Row:
    """One line of the table. run: (row, rngs) -> trials; the rest is said in the file as it is.

    paper: what the paper reports: share of trials solved, sequences until then (a mean), its
    number of trials, the place, and "seen": "text" where the paper's own text was read,
    "second-hand" where somebody else's account of it was.
    """

    experiment: str
    variant: str
    weights: int
    run: Callable
    trials: int
    cap: int
    paper: dict | None = None
    departures: tuple[str, ...] = ()
    settings: dict = field(default_factory=dict)


def count(net):
    """How many weights a network of blocks has."""
    return int(sum(part.sum() for part in net.wiring()))


# ---------------------------------------------------------------- rows of one kind


def by_sequences(experiment, protocol, variant, trials, cap, *, loss="squared", rate=None,
                 forget_bias=None, net=None, added_after=0, paper=None, departures=(),
                 **biases):  # fmt: skip
    """A row of experiments 2a, 4 and 6a: truncated gradient, plain descent."""
    net = net or protocol.net
    biases = protocol.biases | biases
    if forget_bias is not None:
        net = replace(net, forget=True)
        biases["f"] = (forget_bias,) * net.blocks
    rate = protocol.rate if rate is None else rate

    def run(row, rngs):
        params = init_blocks(net, protocol.within, rngs=rngs, **biases)
        params = learn_without_cells(params, net, protocol.task, rate, rngs=rngs, count=added_after)
        return train_trials(params, BlockModel(net), protocol.task, SGD(rate), rngs=rngs,
                            cap=row.cap, loss=loss)  # fmt: skip

    settings = {
        "rate": rate,
        "within": protocol.within,
        "biases": biases,
        "loss": loss,
        "added_after": added_after,
    }
    return Row(experiment, variant, count(net), run, trials, cap, paper, departures, settings)


def set_pairs(distinct=False):
    """The three pairs of training and test strings among which trials are shared out."""
    rng = np.random.default_rng(1997)
    return [embedded_sets(rng=rng, distinct=distinct) for _ in range(3)]


def by_symbols(variant, protocol, trials, cap, *, paper=None, departures=(), online=True,
               aim="next", distinct=False, net=None, rate=None, forget_bias=None):  # fmt: skip
    """A row of experiment 1: three pairs of sets, the starts shared out among them."""
    net = net or protocol.net
    biases = dict(protocol.biases)
    if forget_bias is not None:
        net = replace(net, forget=True)
        biases["f"] = (forget_bias,) * net.blocks
    rate = protocol.rate if rate is None else rate

    def run(row, rngs):
        pairs = set_pairs(distinct)
        params = init_blocks(net, protocol.within, rngs=rngs, **biases)
        return reber_trials(params, net, [pairs[k % 3] for k in range(len(rngs))], rate=rate,
                            rngs=rngs, cap=row.cap, online=online, aim=aim)  # fmt: skip

    settings = {"rate": rate, "within": protocol.within, "biases": biases, "online": online,
                "aim": aim, "distinct": distinct}  # fmt: skip
    return Row("1 embedded Reber grammar", variant, count(net), run, trials, cap, paper,
               departures, settings)  # fmt: skip


def continual(variant, trials, symbols, *, forget, decay=1.0, reset=False, paper=None,
              departures=()):  # fmt: skip
    """A row of the continual Reber stream: 4 blocks of 2 cells, rate 0.5."""
    net = Blocks(7, 7, 4, 2, forget=forget, gates_feed=False, shortcut=True,
                 biases=("gates", "output"))  # fmt: skip
    steps = (0.5, 1.0, 1.5, 2.0)
    shut = tuple(-b for b in steps)
    biases = {"i": shut, "o": shut} | ({"f": steps} if forget else {})

    def run(row, rngs):
        params = init_blocks(net, 0.2, rngs=rngs, **biases)
        return continual_trials(params, net, rngs=rngs, symbols=row.cap, decay=decay,
                                reset=reset, every=min(50_000, row.cap), cap=10_000)  # fmt: skip

    settings = {"rate": 0.5, "decay": decay, "reset": reset, "within": 0.2, "biases": biases}
    return Row("continual Reber stream", variant, count(net), run, trials, symbols, paper,
               departures, settings)  # fmt: skip


# ---------------------------------------------------------------- running and storing


def run_row(name, row, seed, short=False):
    """The record of one row: what was run, each trial, and the summary of the trials."""
    if short:
        row = replace(row, trials=min(2, row.trials), cap=min(400, row.cap))
    began = time.perf_counter()
    found = row.run(row, np.random.default_rng(seed).spawn(row.trials))
    print(f"{name}: {time.perf_counter() - began:.0f} s", flush=True)
    trials = [trial._asdict() for trial in found]
    for trial in trials:
        for key, value in trial.items():
            if isinstance(value, tuple):
                trial[key] = thinned(value)
    return {
        "row": name, "experiment": row.experiment, "variant": row.variant, "seed": seed,
        "weights": row.weights, "cap": row.cap, "settings": row.settings,
        "departures": list(row.departures), "paper": row.paper, "trials": trials,
        "summary": summary(trials),
        "command": f"python benchmarks/replication.py {name}" + " --short" * short,
        "python": platform.python_version(), "numpy": np.__version__,
    }  # fmt: skip


def thinned(values, most=40):
    """At most `most` of the values, evenly spaced, with 4 digits: a curve small enough to keep."""
    values = values[:: -(-len(values) // most)] if values else values
    return [float(f"{v:.4g}") for v in values]


LEAST = 5  # of fewer values a bootstrap interval says nothing


def summary(trials):
    """Successes with Wilson's interval; sequences until success, with a bootstrap interval."""
    if "right" in trials[0]:
        return streams_summary(trials)
    key = "perfect" if "perfect" in trials[0] else "solved"
    solved = sum(trial[key] for trial in trials)
    low, high = wilson(solved, len(trials))
    found = {"solved": solved, "of": len(trials), "share_low": round(low, 3),
             "share_high": round(high, 3)}  # fmt: skip
    rng = np.random.default_rng(0)
    if key == "perfect":
        best = [trial["best"] for trial in trials]
        low, high = bootstrap(best, rng=rng)
        found |= {
            "best": round(float(np.mean(best)), 1),
            "low": round(low, 1),
            "high": round(high, 1),
        }
    elif solved:
        until = [trial["sequences"] for trial in trials if trial["solved"]]
        found |= {"sequences": round(float(np.mean(until))), "least": min(until),
                  "most": max(until)}  # fmt: skip
        if solved >= LEAST:
            low, high = bootstrap(until, rng=rng)
            found |= {"low": round(low), "high": round(high)}
    return found


def streams_summary(trials):
    """The share of right steps over a test stream, and how far the memory has gone at its end."""
    right = [float(np.mean(trial["right"])) for trial in trials]
    low, high = bootstrap(right, rng=np.random.default_rng(0))
    state = float(np.median([trial["state"][-1] for trial in trials]))
    return {"of": len(trials), "right": round(float(np.mean(right)), 3), "low": round(low, 3),
            "high": round(high, 3), "state": round(state, 1)}  # fmt: skip


def store(record, path):
    """Put a record into the file, in place of its namesake, one trial a line."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    kept = [r for r in kept if r["row"] != record["row"]] + [record]
    order = list(ROWS)
    kept.sort(key=lambda r: order.index(r["row"]) if r["row"] in order else len(order))
    path.parent.mkdir(exist_ok=True)
    path.write_text(as_text(kept), encoding="utf-8")


def as_text(records):
    """JSON with a line for each field of a record and for each trial."""
    texts = []
    for record in records:
        lines = []
        for key, value in record.items():
            text = json.dumps(value, ensure_ascii=False)
            if key == "trials":
                inner = ",\n   ".join(json.dumps(trial) for trial in value)
                text = f"[\n   {inner}]"
            lines.append(f'  "{key}": {text}')
        texts.append(" {\n" + ",\n".join(lines) + "}")
    return "[\n" + ",\n".join(texts) + "\n]\n"


# ---------------------------------------------------------------- the rows

TODAY = "Adam at 0.01", "cross-entropy", "8 cells, each with gates of its own"


def by_strings(variant, trials, cap, rate=0.01, units=8):
    """A row of the Reber grammar as one would train it today: cross-entropy and Adam."""
    model = VariantModel(variant)

    def run(row, rngs):
        trials = [None] * len(rngs)
        for k, sets in enumerate(set_pairs()):
            mine = rngs[k::3]
            if mine:
                params = model.start(7, units, 7, rngs=mine)
                trials[k::3] = string_trials(params, model, sets, Adam(rate), rngs=mine,
                                             cap=row.cap)  # fmt: skip
        return trials

    sizes = each_array(np.size, model.start(7, units, 7, rngs=[np.random.default_rng(0)]))
    return Row("1 embedded Reber grammar", variant, sum(arrays_of(sizes)), run, trials, cap, None,
               (*TODAY, "an update a string", "12 trials", "at most 10,000 strings"),
               {"rate": rate, "units": units})  # fmt: skip


def paper(solved, trials, sequences, place, seen="text", source=PAPER_1997):
    """What a paper reports: the share of trials solved and the mean of sequences until then."""
    return {"solved": solved, "trials": trials, "sequences": sequences, "place": place,
            "seen": seen, "source": source}  # fmt: skip


def by_chunks(variant, trials, cap, rate=0.01, units=8):
    """A row of the stream without resets as one would train it today: chunks and Adam."""
    model = VariantModel(variant)

    def run(row, rngs):
        params = model.start(7, units, 7, rngs=rngs)
        return stream_trials(params, model, Adam(rate), rngs=rngs, chunks=row.cap)

    sizes = each_array(np.size, model.start(7, units, 7, rngs=[np.random.default_rng(0)]))
    return Row("stream without resets", variant, sum(arrays_of(sizes)), run, trials, cap, None,
               (*TODAY, "an update every 40 symbols"),
               {"rate": rate, "units": units})  # fmt: skip


ADDING = adding_protocol()
EXAMS = "looked at every 100 strings"
STREAM = ("at most 2,000,000 training symbols, not 30,000 streams",
          "a test every 50,000 symbols", "10 test streams, of 10,000 symbols at most")  # fmt: skip
BOTH = "solved is both sequences right, looked at every 10, not 10,000 in a row"
ADDED = "the cell comes in after 1,000 sequences, which are not counted"
ROWS = {
    "order-1997": by_sequences(
        "6a temporal order", order_protocol(), "1997", 10, 60_000,
        paper=paper(1.0, 20, 31_390, "table 9"),
        departures=("10 trials", "at most 60,000 sequences")),
    "adding-1997": by_sequences(
        "4 adding, T = 100", ADDING, "1997", 10, 300_000,
        paper=paper(1.0, 10, 74_000, "table 7"), departures=("at most 300,000 sequences",)),
    "lag-1997": by_sequences(
        "2a long time lag, p = 100", lag_protocol(), "1997", 3, 40_000, added_after=1_000,
        paper=paper(1.0, 18, 5_040, "table 2"),
        departures=("3 trials", "at most 40,000 sequences", ADDED, BOTH)),
    "lag-20-1997": by_sequences(
        "2a long time lag, p = 20", lag_protocol(20), "1997", 10, 8_000,
        departures=("p = 20 instead of 100", "at most 8,000 sequences", BOTH)),
    "lag-20-added-1997": by_sequences(
        "2a long time lag, p = 20", lag_protocol(20), "1997", 10, 8_000, added_after=1_000,
        departures=("p = 20 instead of 100", "at most 8,000 sequences", ADDED, BOTH)),
    "reber-4x1-1997": by_symbols(
        "1997", reber_protocol(4, 1, 0.1), 12, 100_000,
        paper=paper(1.0, 30, 39_740, "table 1"),
        departures=("12 trials", "at most 100,000 strings", EXAMS)),
    "reber-3x2-1997": by_symbols(
        "1997", reber_protocol(3, 2, 0.5), 12, 40_000,
        paper=paper(1.0, 30, 8_440, "table 1"),
        departures=("12 trials", "at most 40,000 strings", EXAMS)),
    "reber-3x2-slower": by_symbols(
        "1997", reber_protocol(3, 2, 0.1), 12, 40_000,
        paper=paper(1.0, 30, 21_730, "table 1"),
        departures=("12 trials", "at most 40,000 strings", EXAMS)),
    "reber-3x2-legal": by_symbols(
        "1997", reber_protocol(3, 2, 0.5), 12, 40_000, aim="legal",
        departures=("told all legal symbols, not the one that came", "12 trials",
                    "at most 40,000 strings", EXAMS)),
    "reber-3x2-strings": by_symbols(
        "1997", reber_protocol(3, 2, 0.5), 12, 40_000, online=False,
        departures=("an update a string", "12 trials", "at most 40,000 strings", EXAMS)),
    "reber-3x2-ranges": by_symbols(
        "1997", reber_protocol(3, 2, 0.5), 12, 40_000,
        net=replace(reber_protocol(3, 2).net, g_within=1.0, h_within=2.0),
        departures=("g within 1 and h within 2", "12 trials", "at most 40,000 strings", EXAMS)),
    **{f"reber-{name}-adam": by_strings(name, 12, 10_000) for name in VARIANTS},
    "continual-1997": continual(
        "1997", 8, 2_000_000, forget=False, departures=STREAM),
    "continual-2000": continual(
        "2000", 8, 2_000_000, forget=True, departures=STREAM,
        paper=paper(0.18, 100, None, "table 2", "second-hand", PAPER_2000)),
    "continual-2000-decay": continual(
        "2000", 8, 2_000_000, forget=True, decay=0.99, departures=STREAM,
        paper=paper(0.62, 100, None, "table 2", "second-hand", PAPER_2000)),
    **{f"stream-{name}": by_chunks(name, 8, 1_500) for name in VARIANTS},
    # New rows come last: a row's seed is its place.
    "adding-within": by_sequences(
        "4 adding, T = 100", ADDING._replace(task=ADDING.task._replace(mean=np.inf)), "1997", 10,
        300_000, paper=paper(1.0, 10, 74_000, "table 7"),
        departures=("solved is the last 2,000 within 0.04, whatever their mean",
                    "at most 300,000 sequences")),
    "adding-slower": by_sequences(
        "4 adding, T = 100", ADDING, "1997", 10, 300_000, rate=0.25,
        departures=("rate 0.25 instead of 0.5", "at most 300,000 sequences")),
}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="row")
    parser.add_argument("--short", action="store_true", help="two trials a row, a low cap")
    parser.add_argument("--list", action="store_true", help="the rows' names, and no run")
    chosen = parser.parse_args()
    unknown = set(chosen.rows) - set(ROWS)
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}; --list names them")
    if chosen.list:
        print("\n".join(ROWS))
        return
    path = RESULTS / ("short.json" if chosen.short else "results.json")
    for number, name in enumerate(ROWS):
        if name in (chosen.rows or ROWS):
            store(run_row(name, ROWS[name], seed=number, short=chosen.short), path)


if __name__ == "__main__":
    main()
