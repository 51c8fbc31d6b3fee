"""Many trials at once: what to learn, when it is learned, and training a sequence at a time.

Axes: T time steps, K trials, B sequences a trial, D inputs, P outputs. Everything is computed in
float64.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lstm_inside import validate
from lstm_inside.training import arrays_of, check_last, check_optimiser, each_array

from .blocks import (
    BlockParams,
    blocks_backward,
    blocks_forward,
    check_blocks,
    check_rngs,
    sigmoid_slope,
)


class Episodes(NamedTuple):
    """Sequences with the answers wanted of them: xs (T, B, D), targets (T, B, P).

    due (T, B): 1 at the steps at which an answer is wanted, 0 elsewhere and after the end.
    """

    xs: np.ndarray
    targets: np.ndarray
    due: np.ndarray


class Task(NamedTuple):
    """What to learn, and when the paper calls it learned.

    draw: (count, rng) -> Episodes. within: a sequence is right when no answer is off by this
    much or more. mean, window: training ends when the last `window` sequences were all right
    and their mean absolute error is below `mean` (the paper's ST3, table 11). Where there is
    an exam, training ends instead when every one of its sequences is right with the weights
    as they stand, looked at every `every` sequences. pool: where
    there are only these training sequences, and `draw` picks among them by `rng.integers`.
    """

    draw: Callable
    within: float
    mean: float = np.inf
    window: int = 2000
    exam: Episodes | None = None
    every: int = 10
    pool: Episodes | None = None


class Trial(NamedTuple):
    """How one trial went.

    solved: whether the stop rule was met. sequences: how many were trained on until then.
    wrong: of sequences drawn anew (of experiment 1: of strings it was never trained on), how
    many came out wrong with the weights standing still; -1 when these were not asked, as the
    rule was not met.
    errors: the mean absolute error of each successive thousand training sequences.
    wrong_trained: of a fixed set of training sequences, how many came out wrong; -1 where
    training sequences are drawn anew, without end.
    before: how many sequences were trained on before the cells came in, not counted elsewhere.
    merely_legal: of experiment 1, after how many strings a weaker reading of success was first
    met (the most active output is a legal symbol); -1 if never or if not asked.
    places: of experiment 1, how many different strings were wrong at each of `grammar.PLACES`.
    opened: how far each gate opened at most in each successive thousand sequences, a tuple a
    gate in the order of the columns; empty if nobody watched.
    weights: the network's weights at the end, if they were to be kept: see `with_weights`.
    """

    solved: bool
    sequences: int
    wrong: int
    errors: tuple[float, ...]
    wrong_trained: int = -1
    before: int = 0
    merely_legal: int = -1
    places: tuple[int, ...] = ()
    opened: tuple[tuple[float, ...], ...] = ()
    weights: tuple[float, ...] = ()


def at_the_end(sequences) -> Episodes:
    """Episodes of `lstm_inside.tasks.Sequences`, whose one answer is due at the last step.

    Raises ValueError or TypeError for what is none.
    """
    T, B = check_last(sequences)
    xs, answers, last = sequences
    answers = validate.real("targets", answers, ndim=2)
    answers = validate.array("targets", answers, (B, answers.shape[1]), "(B, P)", float)
    validate.finite("xs", xs)
    due = np.zeros((T, B))
    due[last, range(B)] = 1
    return Episodes(xs, due[..., None] * answers, due)


CHUNK = 100  # sequences drawn at a time: one at a time would cost more than learning from it


def lengths_of(episodes):
    """How many steps each sequence has until its last answer is due: (B,)."""
    return len(episodes.due) - np.argmax(episodes.due[::-1] > 0, axis=0)


class _Feed:
    """One trial's endless training sequences, drawn from its own generator."""

    def __init__(self, task, rng):
        self.task, self.rng, self.next = task, rng, CHUNK

    def __call__(self):
        if self.next == CHUNK:
            self.drawn, self.next = self.task.draw(CHUNK, self.rng), 0
            self.length = lengths_of(self.drawn)
        b, self.next = self.next, self.next + 1
        return tuple(part[: self.length[b], b] for part in self.drawn)


def _stack(episodes):
    """Episodes of several lengths, one a trial, as arrays (T, K, 1, ...) filled up with zeros."""
    T = max(len(xs) for xs, _, _ in episodes)
    stacked = []
    for parts in zip(*episodes, strict=True):
        array = np.zeros((T, len(parts), 1, *parts[0].shape[1:]))
        for k, part in enumerate(parts):
            array[: len(part), k, 0] = part
        stacked.append(array)
    return Episodes(*stacked)


def train_trials(params, model, task, optimiser, *, rngs, cap, loss="squared", tests=2560):
    """Train K networks one sequence at a time until each meets the stop rule: K `Trial`s.

    params: a tree of arrays (K, ...). model: has forward(xs, params) -> y, trace and
    backward(da, trace, params) -> gradients, da being the derivative by the outputs'
    pre-activations. optimiser: SGD, Momentum or Adam. rngs: a generator a trial, which draws
    its sequences, so that a trial is the same whatever others run beside it. cap: when to give
    up. loss: "squared" as in 1997, where the update is along (t - y) y' (A.1 (19)), or
    "entropy", along t - y. A trial that has met the rule drops out.
    Raises ValueError or TypeError for an unknown loss, counts below 1, no task, no model, no
    optimiser, not as many generators as networks.
    """
    check_trials(params, model, optimiser, rngs, cap=cap, tests=tests)
    check_task(task)
    validate.choice("loss", loss, ("squared", "entropy"))
    K = len(rngs)
    feeds, cohort = [_Feed(task, rng) for rng in rngs], Cohort(K)
    recent = np.full((K, task.window), np.inf)  # each trial's last mean errors; inf when wrong
    means, moments = [[] for _ in rngs], optimiser.start(params)
    thousand = np.zeros(K)
    for step in range(1, cap + 1):
        alive = cohort.alive
        xs, targets, due = _stack([feeds[k]() for k in alive])
        y, trace = model.forward(xs, params)
        off = (y - targets) * due[..., None]
        grads = model.backward(off * sigmoid_slope(y) if loss == "squared" else off, trace, params)
        params, moments = optimiser.step(params, grads, moments)
        size = np.abs(off)
        error = size.sum((0, 2, 3)) / due.sum((0, 2)) / size.shape[-1]
        thousand[alive] += error
        if step % 1000 == 0:
            for k in alive:
                means[k].append(float(thousand[k]) / 1000)
            thousand[:] = 0
        wrong = size.max((0, 2, 3)) >= task.within
        recent[alive, step % task.window] = np.where(wrong, np.inf, error)
        if task.exam is None:
            met = recent[alive].mean(axis=1) < task.mean
        elif step % task.every == 0:
            met = np.array([not _wrong(pick(params, [k]), model, task, task.exam)
                            for k in range(len(alive))])  # fmt: skip
        else:
            met = np.zeros(len(alive), dtype=bool)
        for at in np.flatnonzero(met | (step == cap)):
            k, mine, left = alive[at], pick(params, [at]), -1
            if met[at]:
                left = _wrong(mine, model, task, task.draw(tests, rngs[k]))
            cohort.end(at, Trial(bool(met[at]), step, left, tuple(means[k])))
        if (stay := cohort.drop()) is not None:
            params, moments = pick(params, stay), pick(moments, stay)
        if not len(cohort.alive):
            break
    return cohort.results


def learn_without_cells(params, net, task, rate, *, rngs, count) -> BlockParams:
    """Train K networks on `count` sequences before their cells are wired up: new parameters.

    The "sequential network construction" of 1997, used in experiment 2a: what can be learned
    without a memory is learned first, and only then the cells come in, with weights as drawn.
    Raises ValueError or TypeError for what does not fit the wiring, a count below 0, a rate not
    above 0, no task, not as many generators as networks.
    """
    params = check_without_cells(params, net, task, rate, rngs)
    validate.whole("count", count, least=0)
    params, _ = _without_cells(params, net, rate, [_Feed(task, rng) for rng in rngs], count)
    return params


WINDOW, FALL, LONGEST = 500, 0.01, 50_000  # when the error counts as no longer decreasing


def settle_without_cells(params, net, task, rate, *, rngs):
    """As `learn_without_cells`, until the error has stopped decreasing: new parameters, counts.

    The paper's own words as a rule: a trial's cells come in as soon as its mean loss over 500
    sequences (half the squared error, summed over outputs and steps) is not at least 1 % below
    that of the 500 before, or after 50,000 sequences. counts: how many each of the K took.
    Raises as `learn_without_cells` does.
    """
    params = check_without_cells(params, net, task, rate, rngs)
    settled, counts = [], []
    for k, rng in enumerate(rngs):
        one, feeds = pick(params, [k]), [_Feed(task, rng)]
        losses, going = [], True
        while going:
            one, loss = _without_cells(one, net, rate, feeds, WINDOW)
            losses.append(loss)
            going = still_falls(losses)
        settled.append(one)
        counts.append(WINDOW * len(losses))
    return BlockParams(*map(np.concatenate, zip(*settled, strict=True))), tuple(counts)


def still_falls(losses):
    """Whether the last of the windows' losses is still well below the one before."""
    if len(losses) * WINDOW >= LONGEST:
        return False
    return len(losses) < 2 or losses[-1] < (1 - FALL) * losses[-2]


def _without_cells(params, net, rate, feeds, count):
    """Train the read-out on `count` sequences, the cells cut off: new parameters, mean loss."""
    cells, total = params.output[:, : net.cells].copy(), 0.0
    params = BlockParams(params.hidden, params.output.copy())
    params.output[:, : net.cells] = 0
    for _ in range(count):
        xs, targets, due = _stack([feed() for feed in feeds])
        y, trace = blocks_forward(xs, params, net)
        off = (y - targets) * due[..., None]
        total += (off**2).sum() / 2
        change = blocks_backward(off * sigmoid_slope(y), trace, params, net).output
        change[:, : net.cells] = 0
        params = params._replace(output=params.output - rate * change)
    params.output[:, : net.cells] = cells
    return params, total / max(count, 1)


def check_without_cells(params, net, task, rate, rngs):
    """What a training without cells is given: the parameters, in float64."""
    params = check_blocks(params, net)
    check_task(task)
    validate.positive("rate", rate)
    check_rngs(rngs, len(params.hidden))
    return params


def check_task(task):
    """A `Task`, or a TypeError."""
    if not isinstance(task, Task):
        raise TypeError(f"task: expected Task, got {validate.describe(task)}")


def check_trials(params, model, optimiser, rngs, **counts):
    """What every training of K networks is given; `counts` are at least 1."""
    if not all(callable(getattr(model, name, None)) for name in ("forward", "backward")):
        raise TypeError(
            f"model: expected one with forward and backward, got {validate.describe(model)}"
        )
    if not isinstance(params, tuple) or not params:
        raise TypeError(
            f"params: expected the parameters of K networks, got {validate.describe(params)}"
        )
    check_optimiser(optimiser)
    check_rngs(rngs, len(next(iter(arrays_of(params)))))
    for name, count in counts.items():
        validate.count(name, count)


class Cohort:
    """K trials side by side: one that ends keeps its result and drops out, the others go on.

    `.alive` holds the numbers of the trials that go on, by their place in the arrays, `.results`
    what each of the K ended with.
    """

    def __init__(self, K):
        self.alive, self.results = np.arange(K), [None] * K
        self._ended = np.zeros(K, dtype=bool)

    def end(self, place, result):
        """The trial at this place of the arrays ends."""
        self.results[self.alive[place]] = result
        self._ended[place] = True

    def drop(self):
        """Let go of the ended: the places that stay, None if nobody has ended."""
        if not self._ended.any():
            return None
        stay = np.flatnonzero(~self._ended)
        self.alive, self._ended = self.alive[stay], np.zeros(len(stay), dtype=bool)
        return stay


def pick(tree, which):
    """The trials `which` of a tree of arrays (K, ...); what has no such axis stays."""
    return each_array(lambda a: a[which] if np.ndim(a) else a, tree)


def _wrong(params, model, task, episodes):
    """How many of the episodes the one network of `params` gets wrong."""
    xs, targets, due = episodes
    y, _ = model.forward(xs[:, None], params)
    off = np.abs(y[:, 0] - targets) * due[..., None]
    return int((off.max((0, 2)) >= task.within).sum())
