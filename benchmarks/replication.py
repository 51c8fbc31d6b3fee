"""Published experiments run again, with their protocols; writes the rows that notebook 08 reads.

    python benchmarks/replication.py                    every row (hours on one core)
    python benchmarks/replication.py adding order       these rows
    python benchmarks/replication.py --short            every row with few trials and a low cap
    python benchmarks/replication.py --list             the rows' names

A row is a network, a task, a learning rule and a number of trials, each with a generator of its
own. Most rows need numba (`lstm_inside.replication.compiled`). Rows that are run replace their
namesakes in the file; the others stay. A `--short` run writes to short.json, beside the file that
the notebook draws from. Nothing in a file depends on the clock or on the machine, except the
digits that the versions named in it round.
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

import numba
import numpy as np

from lstm_inside.replication import (
    VARIANTS,
    BlockModel,
    Blocks,
    VariantModel,
    adding_protocol,
    bootstrap,
    compiled,
    continual_trials,
    embedded_sets,
    init_blocks,
    lag_protocol,
    order_protocol,
    reber_protocol,
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
    "second-hand" where somebody else's account of it was. departures: what is done otherwise than
    in the paper, by the keys of `replication.figures.departures`, which says them.
    """

    experiment: str
    variant: str
    weights: int
    run: Callable
    trials: int
    cap: int
    paper: dict | None = None
    departures: dict = field(default_factory=dict)
    settings: dict = field(default_factory=dict)
    compiled: bool = False


def count(net):
    """How many weights a network of blocks has."""
    return int(sum(part.sum() for part in net.wiring()))


# ---------------------------------------------------------------- rows of one kind


def by_sequences(experiment, protocol, variant, trials, cap, *, rate=None, added_after=0,
                 paper=None, departures=None, fast=True, **biases):  # fmt: skip
    """A row of experiments 2a, 4 and 6a: truncated gradient, plain descent.

    added_after: how many sequences are learned without the cells, or "settled": until the error
    has stopped decreasing. fast: by the compiled engine, which also says how far gates opened.
    """
    net, biases = protocol.net, protocol.biases | biases
    rate = protocol.rate if rate is None else rate

    def run(row, rngs):
        params = init_blocks(net, protocol.within, rngs=rngs, **biases)
        if not fast:
            return train_trials(params, BlockModel(net), protocol.task, SGD(rate), rngs=rngs,
                                cap=row.cap)  # fmt: skip
        without = params, net, protocol.task, rate
        if added_after == "settled":
            params, before = compiled.settle_without_cells(*without, rngs=rngs)
        else:
            params = compiled.learn_without_cells(*without, rngs=rngs, count=added_after)
            before = (added_after,) * len(rngs)
        found = compiled.train_trials(params, net, protocol.task, rate, rngs=rngs, cap=row.cap,
                                      keep=True)  # fmt: skip
        return [t._replace(before=n) for t, n in zip(found, before, strict=True)]

    settings = {
        "rate": rate,
        "within": protocol.within,
        "biases": biases,
        "loss": "squared",
        "added_after": added_after,
    }
    return Row(experiment, variant, count(net), run, trials, cap, paper, departures or {}, settings,
               fast)  # fmt: skip


PAIRS = 12


def set_pairs(distinct=False):
    """The pairs of training and test strings among which trials are shared out."""
    rng = np.random.default_rng(1997)
    return [embedded_sets(rng=rng, distinct=distinct) for _ in range(PAIRS)]


def by_symbols(blocks, size, rate, cap, *, trials=120, paper=None, departures=None, online=True,
               aim="next", distinct=False, g_within=2.0, h_within=1.0, **biases):  # fmt: skip
    """A row of experiment 1: twelve pairs of sets, the starts shared out among them."""
    protocol = reber_protocol(blocks, size, rate)
    net = replace(protocol.net, g_within=g_within, h_within=h_within)
    biases = protocol.biases | biases

    def run(row, rngs):
        pairs = set_pairs(distinct)
        params = init_blocks(net, protocol.within, rngs=rngs, **biases)
        sets = [pairs[k % PAIRS] for k in range(len(rngs))]
        return compiled.reber_trials(params, net, sets, rate=rate, rngs=rngs, cap=row.cap,
                                     online=online, aim=aim)  # fmt: skip

    settings = {"rate": rate, "within": protocol.within, "biases": biases, "online": online,
                "aim": aim, "distinct": distinct, "g_within": g_within,
                "h_within": h_within}  # fmt: skip
    departures = (departures or {}) | {"on_pairs": (trials, PAIRS), "strings": cap} | EXAMS
    return Row("1 embedded Reber grammar", "1997", count(net), run, trials, cap, paper, departures,
               settings, compiled=True)  # fmt: skip


EXAMS = {"exam": 100}


def continual(variant, trials, symbols, *, forget, decay=1.0, reset=False, paper=None,
              departures=None):  # fmt: skip
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
               departures or {}, settings)  # fmt: skip


# ---------------------------------------------------------------- running and storing


def run_row(name, row, seed, short=False):
    """The record of one row: what was run, each trial, and the summary of the trials."""
    if short:
        row = replace(row, trials=min(2, row.trials), cap=min(400, row.cap))
    began = time.perf_counter()
    found = row.run(row, np.random.default_rng(seed).spawn(row.trials))
    print(f"{name}: {time.perf_counter() - began:.0f} s", flush=True)
    trials = [as_stored(trial, first=not n) for n, trial in enumerate(found)]
    engine = {"numba": numba.__version__} if row.compiled else {}
    return {
        "row": name, "experiment": row.experiment, "variant": row.variant, "seed": seed,
        "weights": row.weights, "cap": row.cap, "settings": row.settings,
        "departures": row.departures, "paper": row.paper, "trials": trials,
        "summary": summary(trials),
        "command": f"python benchmarks/replication.py {name}" + " --short" * short,
        "python": platform.python_version(), "numpy": np.__version__, **engine,
    }  # fmt: skip


LATER = "before", "merely_legal", "places", "opened", "weights"  # said only where they were asked


def as_stored(trial, first):
    """A trial as a dictionary small enough to keep; the weights of a row's first trial only."""
    stored = trial._asdict()
    for key in LATER:
        if key in stored and (stored[key] == type(trial)._field_defaults[key]):
            del stored[key]
    weights = stored.pop("weights", ())
    for key, value in stored.items():
        if key == "opened":
            stored[key] = [thinned(gate, most=20) for gate in value]
        elif isinstance(value, tuple) and key != "places":
            stored[key] = thinned(value)
    if weights and first and len(weights) < 1000:
        stored["weights"] = [float(f"{w:.6g}") for w in weights]
    return stored


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

TODAY = {"adam": 0.01, "entropy": True}


def by_strings(variant, trials, cap, rate=0.01):
    """A row of the Reber grammar as one would train it today: cross-entropy and Adam."""
    model, units = VariantModel(variant), EQUAL[variant]

    def run(row, rngs):
        pairs = set_pairs()
        params = model.start(7, units, 7, rngs=rngs)
        sets = [pairs[k % PAIRS] for k in range(len(rngs))]
        return string_trials(params, model, sets, Adam(rate), rngs=rngs, cap=row.cap)

    sizes = each_array(np.size, model.start(7, units, 7, rngs=[np.random.default_rng(0)]))
    return Row("1 embedded Reber grammar", variant, sum(arrays_of(sizes)), run, trials, cap, None,
               TODAY | {"own_gates": units, "by_string": True, "on_pairs": (trials, PAIRS),
                        "strings": cap} | EXAMS,
               {"rate": rate, "units": units})  # fmt: skip


# units at which the relatives have about as many weights: 797 to 827
EQUAL = {"1997": 12, "2000": 10, "modern": 10, "peephole": 10, "coupled": 12, "GRU": 12}


def paper(solved, trials, sequences, place, seen="text", source=PAPER_1997, **more):
    """What a paper reports: the share of trials solved and the mean of sequences until then.

    more: assumed=True where the share is not reported, and we read the mean over all trials as
    all of them solved; least and most: the range of sequences, where it is reported.
    """
    return {"solved": solved, "trials": trials, "sequences": sequences, "place": place,
            "seen": seen, "source": source, **more}  # fmt: skip


def by_chunks(variant, trials, cap, rate=0.01, units=8):
    """A row of the stream without resets as one would train it today: chunks and Adam."""
    model = VariantModel(variant)

    def run(row, rngs):
        params = model.start(7, units, 7, rngs=rngs)
        return stream_trials(params, model, Adam(rate), rngs=rngs, chunks=row.cap)

    sizes = each_array(np.size, model.start(7, units, 7, rngs=[np.random.default_rng(0)]))
    return Row("stream without resets", variant, sum(arrays_of(sizes)), run, trials, cap, None,
               TODAY | {"own_gates": units, "by_chunk": 40},
               {"rate": rate, "units": units})  # fmt: skip


ADDING = adding_protocol()
STREAM = {"symbols": (2_000_000, 30_000), "test": 50_000, "test_streams": (10, 10_000)}
BOTH = {"both_right": (10, 10_000)}


def lag(added_after, when):
    """A row of experiment 2a at p = 100: 16 trials, up to 40,000 sequences with the cell."""
    return by_sequences(
        "2a long time lag, p = 100", lag_protocol(), "1997", 16, 40_000,
        added_after=added_after, paper=paper(1.0, 18, 5_040, "table 2"),
        departures={"trials": 16, "with_cell": 40_000} | when | BOTH)  # fmt: skip


def short_lag(added_after):
    """A row of experiment 2a at p = 20."""
    when = {"cell_after": added_after} if added_after else {}
    return by_sequences(
        "2a long time lag, p = 20", lag_protocol(20), "1997", 10, 8_000, added_after=added_after,
        departures={"p": (20, 100), "sequences": 8_000} | when | BOTH)  # fmt: skip


def adding(trials, *biases, rate=0.5):
    """A row of experiment 4 with these input-gate biases, to the end or a million sequences."""
    return by_sequences(
        "4 adding, T = 100", ADDING, "1997", trials, 1_000_000, rate=rate, i=biases,
        paper=paper(1.0, 10, 74_000, "table 7", assumed=True),
        departures={"trials": trials, "sequences": 1_000_000}
        | ({"biases": biases} if biases != (-3.0, -6.0) else {})
        | ({"rate": (rate, 0.5)} if rate != 0.5 else {}),
    )  # fmt: skip


def table_1(solved, sequences, **more):
    return paper(solved, 30, sequences, "table 1", **more)


BOTTOM = table_1(1.0, 8_440, least=3_800, most=24_100)
ROWS = {
    "order-1997": by_sequences(
        "6a temporal order", order_protocol(), "1997", 10, 60_000, fast=False,
        paper=paper(1.0, 20, 31_390, "table 9", assumed=True),
        departures={"trials": 10, "sequences": 60_000}),
    "adding-1997": adding(8, -3.0, -6.0),
    "lag-added-1000": lag(1_000, {"cell_after": 1_000}),
    "lag-20-1997": short_lag(0),
    "lag-20-added-1997": short_lag(1_000),
    "reber-4x1-1997": by_symbols(4, 1, 0.1, 100_000, trials=24, paper=table_1(1.0, 39_740)),
    "reber-3x2-1997": by_symbols(3, 2, 0.5, 40_000, paper=BOTTOM),
    "reber-3x2-slower": by_symbols(3, 2, 0.1, 60_000, trials=24, paper=table_1(1.0, 21_730)),
    "reber-3x2-legal": by_symbols(
        3, 2, 0.5, 40_000, trials=24, aim="legal",
        departures={"all_legal": True}),
    "reber-3x2-strings": by_symbols(
        3, 2, 0.5, 40_000, trials=24, online=False, departures={"by_string": True}),
    "reber-3x2-ranges": by_symbols(
        3, 2, 0.5, 40_000, g_within=1.0, h_within=2.0, paper=BOTTOM,
        departures={"table_10": (1, 2)}),
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
        300_000, paper=paper(1.0, 10, 74_000, "table 7", assumed=True), fast=False,
        departures={"any_mean": (2_000, 0.04), "sequences": 300_000}),
    "adding-slower": by_sequences(
        "4 adding, T = 100", ADDING, "1997", 10, 300_000, rate=0.25, fast=False,
        departures={"rate": (0.25, 0.5), "sequences": 300_000}),
    "lag-settled": lag("settled", {"settled": (1, 500)}),
    "lag-added-0": lag(0, {"from_start": True}),
    **{f"lag-added-{n}": lag(n, {"cell_after": n}) for n in (2_000, 3_000, 5_000, 8_000)},
    "adding-3-3": adding(8, -3.0, -3.0),
    "adding-1-2": adding(8, -1.0, -2.0),
    "adding-6-6": adding(8, -6.0, -6.0),
    "reber-3x2-rate-0.2": by_symbols(3, 2, 0.2, 60_000, trials=24, paper=table_1(0.97, 14_060)),
    "reber-4x1-rate-0.5": by_symbols(4, 1, 0.5, 40_000, trials=24, paper=table_1(0.97, 9_500)),
    "reber-3x2-h4": by_symbols(
        3, 2, 0.5, 40_000, trials=60, g_within=1.0, h_within=4.0,
        departures={"ranges": (1, 4)}),
    "reber-3x2-distinct": by_symbols(
        3, 2, 0.5, 40_000, trials=24, distinct=True,
        departures={"different": 256}),
    "reber-3x2-input": by_symbols(
        3, 2, 0.5, 40_000, trials=24, i=(-1.0,) * 3, departures={"input_bias": -1}),
    "adding-rate-1": adding(8, -3.0, -6.0, rate=1.0),
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
