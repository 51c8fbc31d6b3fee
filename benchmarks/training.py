"""Training steps a second, beside PyTorch doing the same training in the same process.

On both sides the same network, starting weights (`to_torch` of `lstm_inside.beyond.bridge`),
mini-batches, loss, clipping by norm and Adam; each side draws its own mini-batches, from the
same seed. PyTorch's side is `torch.nn.LSTM`, `torch.nn.Linear` and its fastest Adam
(`fused=True`). It is optional (pip install -r requirements-torch.txt); without it ours is
measured alone. Where numba is at hand, `lstm_inside.compiled` is measured too. One thread,
medians of alternating blocks of steps. A ratio above 1 means that ours is faster. The mean loss
of the last steps is printed for all sides: they learn the same.

At the end `abreast` beside the same trainings one after the other: six of notebook 05's recall,
of 1 to 16 units, and how many times as fast they are.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import platform
import statistics
import time
from itertools import islice

import numpy as np

import lstm_core
from lstm_core import init_lstm
from lstm_inside.beyond.bridge import to_torch, torch_or_none
from lstm_inside.simulation import Stream, V, library_ids
from lstm_inside.training import (
    Adam,
    Model,
    Training,
    abreast,
    adding_training,
    init_readout,
    recall_training,
)

try:
    from lstm_inside import compiled
except ImportError:
    compiled = None

BLOCK = 5  # steps in a turn
torch = torch_or_none()
if torch:
    torch.set_num_threads(1)


# ---------------------------------------------------------------- the trainings


def adding(T, engine, dtype=np.float64):
    """An LSTM of 16 units on the adding problem: mini-batches of 32, Adam at 0.02, clipped at 1.

    In float32, too, which is what PyTorch computes in unless it is told otherwise.
    """
    rng = np.random.default_rng(1)
    cell = init_lstm(2, 16, rng=rng, forget_bias=3.0, dtype=dtype)
    return adding_training(cell, T, rng=rng, batch_rng=np.random.default_rng([1, 2]), engine=engine)


def characters(engine):
    """Notebook 07's character model: 64 units, 97 symbols, 32 streams of 32 steps, Adam at 0.025.

    That is the rate of its first 600 steps; after these notebook 07 lets it fall.
    """
    rng = np.random.default_rng(1)
    cell = init_lstm(V, 64, rng=rng, dtype=np.float32)
    model = Model(cell, init_readout(64, V, rng=rng, dtype=np.float32))
    stream = Stream(library_ids("learn"), 32, 32, 64, rng=rng, engine=engine)
    return Training(
        model, stream.loss, lambda _, at: stream.batch(at), Adam(0.025),
        rng=rng, clip=1.0, carried=stream.start,
    )  # fmt: skip


TRAININGS = {
    "adding, T = 50, float64": lambda engine: adding(50, engine),
    "adding, T = 100, float64": lambda engine: adding(100, engine),
    "adding, T = 50, float32": lambda engine: adding(50, engine, np.float32),
    "adding, T = 100, float32": lambda engine: adding(100, engine, np.float32),
    "characters, float32": characters,
}


# ---------------------------------------------------------------- the same in PyTorch


def in_torch(run):
    """The steps of a fresh training, taken by PyTorch; yields each step's loss."""
    network = to_torch(run.params)
    weights = [p for p in network.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(weights, lr=run.optimiser.rate, fused=True)
    loss_of = NextCharacter() if run.state.carried else sum_at_end
    for batch in batches_of(run):
        optimiser.zero_grad()
        loss = loss_of(network, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, run.clip)
        optimiser.step()
        yield loss.item()


def batches_of(run):
    """The batches that a fresh training draws, without end."""
    rng, at = np.random.default_rng(), run.state.carried
    rng.bit_generator.state = run.state.random
    while True:
        batch = run.batches(rng, at) if at else run.batches(rng)
        if at:  # a text: the next batch begins where this one ends
            at = at._replace(places=at.places + len(batch[1]))
        yield batch


def sum_at_end(network, batch):
    """Mean squared error of the read-out after the last step."""
    hs, _ = network.cell(torch.from_numpy(batch.xs))
    answers = network.readout(hs[-1])
    return torch.nn.functional.mse_loss(answers, torch.from_numpy(batch.targets))


class NextCharacter:
    """Cross-entropy at every character; the states are carried from batch to batch."""

    states = None

    def __call__(self, network, batch):
        xs, labels = map(torch.from_numpy, batch)
        scores, states = network(xs, self.states)
        self.states = [state.detach() for state in states]
        return torch.nn.functional.cross_entropy(scores.flatten(0, 1), labels.flatten())


# ---------------------------------------------------------------- timing


def sides_of(make, steps):
    """Ours and whatever else is installed here: name -> an iterator that takes its steps."""
    sides = {"ours": make(lstm_core).steps(steps)}
    if compiled:
        sides["compiled"] = make(compiled).steps(steps)
    if torch:
        sides["torch"] = in_torch(make(lstm_core))
    return sides


def race(sides, steps):
    """Steps a second (median of blocks in turn) and last losses of each: name -> (rate, loss)."""
    times, losses = ({name: [] for name in sides} for _ in range(2))
    for _ in range(steps // BLOCK):
        for name, side in sides.items():
            start = time.perf_counter()
            losses[name] += islice(side, BLOCK)
            times[name].append(time.perf_counter() - start)
    return {
        name: (BLOCK / statistics.median(times[name]), np.mean(losses[name][-20:]))
        for name in sides
    }


def recalls(units):
    """Six trainings on notebook 05's recall that differ in their seed."""
    rngs = map(np.random.default_rng, range(6))
    return [
        recall_training(init_lstm(2, units, rng=rng, forget_bias=3.0), 20, rng=rng) for rng in rngs
    ]


def times_as_fast(units, steps):
    """How many times as fast `abreast` is as one training after the other: a median of blocks."""
    together, alone = recalls(units), recalls(units)
    ratios = []
    for _ in range(steps // BLOCK):
        start = time.perf_counter()
        abreast(together, BLOCK)
        between = time.perf_counter()
        for run in alone:
            list(run.steps(BLOCK))
        ratios.append((time.perf_counter() - between) / (between - start))
    return statistics.median(ratios)


def main():
    parser = argparse.ArgumentParser(description="Training steps a second, beside PyTorch.")
    parser.add_argument("--steps", type=int, default=500, help="training steps of each (500)")
    steps = parser.parse_args().steps
    peer = f"PyTorch {torch.__version__}" if torch else "no PyTorch: ours alone"
    print(
        f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}, {peer}"
    )
    print(f"one thread, {steps} training steps, medians of alternating blocks of {BLOCK}")
    for name, make in TRAININGS.items():
        found = race(sides_of(make, steps), steps)
        print(name)
        for side, (rate, loss) in found.items():
            print(f"    {side:9} {rate:6.0f} steps/s   loss of the last 20 {loss:.5f}", end="")
            beside = side != "torch" and "torch" in found
            print(f"   {side} / torch {rate / found['torch'][0]:.2f}" if beside else "", flush=True)
    print("six recalls abreast, times as fast as one after the other")
    for units in (1, 2, 4, 8, 16):
        print(f"    {units:2} units {times_as_fast(units, steps):5.2f}", flush=True)


if __name__ == "__main__":
    main()
