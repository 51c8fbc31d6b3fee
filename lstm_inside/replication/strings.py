"""Trials on embedded Reber strings: experiment 1 of 1997, and the same with today's variants."""

from typing import NamedTuple

import numpy as np

from lstm_inside import validate

from .blocks import blocks_forward, check_blocks, check_rngs
from .grammar import PLACES, Coded, StringSets, code, places, right_steps
from .realtime import RealTime, as_rates
from .trials import Cohort, Trial, check_trials, pick


def reber_trials(params, net, sets, *, rate, rngs, cap, every=100, online=True, aim="next"):
    """Train K networks on embedded Reber strings as in experiment 1 of 1997: K `Trial`s.

    sets: a `StringSets` a trial. rate: one number, or one a trial. rngs: a generator a trial,
    which picks its training strings. every: after how many strings a trial is examined: solved
    is a network that, with its weights standing still, puts every legal next symbol above all
    others at every step of all its training and test strings. aim: what an output is told,
    "next" (1 for the symbol that came, as in 1997) or "legal" (1 for all that might have).
    A trial's `wrong` and `wrong_trained` count the different test and training strings that are
    wrong at the end, its `places` where; its `errors` are the shares of both at the exams, its
    `merely_legal` the first exam at which the most active output was always legal.
    Raises ValueError or TypeError for another aim, weights that do not fit the wiring, counts
    below 1, rates below 0, not as many sets or generators as networks.
    """
    params = check_reber(params, net, sets, rngs, aim, cap=cap, every=every)
    K = len(params.hidden)
    parts, lengths, exams, mine = prepared(sets)
    xs, targets = parts[0], parts[2 if aim == "legal" else 1]
    count = lengths.shape[1]

    learner = RealTime(params, net, online=online)
    cohort = Cohort(K)
    rate = as_rates(rate, K)
    string = np.array([int(rng.integers(count)) for rng in rngs])
    at, seen = np.zeros(K, dtype=int), np.zeros(K, dtype=int)
    marks = [[] for _ in rngs]
    while len(cohort.alive):
        now = mine, at, string
        learner.step(xs[now], targets[now], rate)
        at += 1
        ended = at == lengths[mine, string]
        if not ended.any():
            continue
        learner.reset(ended)
        seen += ended
        at[ended] = 0
        for j in np.flatnonzero(ended):
            k = cohort.alive[j]
            string[j] = int(rngs[k].integers(count))
            if seen[j] % every and seen[j] < cap:
                continue
            exam, one = exams[mine[j]], pick(learner.params, [j])
            marks[k].append(mark(exam, lambda xs, one=one: blocks_forward(xs, one, net)[0]))
            if not marks[k][-1].wrong or seen[j] >= cap:
                cohort.end(j, examined(marks[k], exam, seen[j], every))
        if (stay := cohort.drop()) is not None:
            learner.keep(np.isin(np.arange(len(at)), stay))
            mine, rate, string, at, seen = (a[stay] for a in (mine, rate, string, at, seen))
    return cohort.results


def string_trials(params, model, sets, optimiser, *, rngs, cap, every=100):
    """Train K networks on embedded Reber strings, an update a string: K `Trial`s.

    Cross-entropy and an optimiser of `lstm_inside.training` where 1997 had squared error and plain
    descent; strings, exams and results are those of `reber_trials`. sets: a `StringSets` a
    trial. params: a tree of arrays (K, ...) that `model` understands.
    Raises ValueError or TypeError for no such sets, counts below 1, no model, no optimiser, not
    as many sets or generators as networks.
    """
    check_trials(params, model, optimiser, rngs, cap=cap, every=every)
    check_sets(sets, len(rngs))
    (xs, targets, _), lengths, exams, mine = prepared(sets)
    cohort = Cohort(len(rngs))
    marks, moments = [[] for _ in rngs], optimiser.start(params)
    for seen in range(1, cap + 1):
        string = np.array([rngs[k].integers(lengths.shape[1]) for k in cohort.alive])
        sizes = lengths[mine, string]
        now = mine, slice(sizes.max()), string
        read, wanted = (part[now].swapaxes(0, 1)[:, :, None] for part in (xs, targets))
        running = (np.arange(len(read))[:, None] < sizes)[..., None, None]
        y, trace = model.forward(read, params)
        grads = model.backward((y - wanted) * running, trace, params)
        params, moments = optimiser.step(params, grads, moments)
        if seen % every and seen < cap:
            continue
        for at, k in enumerate(cohort.alive):
            exam, one = exams[mine[at]], pick(params, [at])
            marks[k].append(mark(exam, lambda xs, one=one: model.forward(xs, one)[0]))
            if not marks[k][-1].wrong or seen == cap:
                cohort.end(at, examined(marks[k], exam, seen, every))
        if (stay := cohort.drop()) is not None:
            params, moments, mine = pick(params, stay), pick(moments, stay), mine[stay]
        if not len(cohort.alive):
            break
    return cohort.results


def prepared(sets):
    """The pairs of sets among `sets`, each once, and which one each trial has.

    Returns xs, targets, legal, each (pairs, T, B, 7); lengths (pairs, B); the exams; (K,).
    """
    which = {id(s): s for s in sets}
    order = {key: n for n, key in enumerate(which)}
    coded = [code(s.train) for s in which.values()]
    T = max(len(c.xs) for c in coded)
    parts = [_pad([getattr(c, name) for c in coded], T) for name in Coded._fields[:3]]
    lengths = np.array([c.steps.sum(axis=0) for c in coded]).astype(int)
    exams = [exam_of(s) for s in which.values()]
    return parts, lengths, exams, np.array([order[id(s)] for s in sets])


def _pad(arrays, T):
    """Arrays (t, B, n) of several lengths as one (len(arrays), T, B, n)."""
    return np.stack([np.pad(a, ((0, T - len(a)), (0, 0), (0, 0))) for a in arrays])


class Exam(NamedTuple):
    """The different strings of a pair of sets: `trained` training strings, then the others.

    places (T, B): where in the grammar each step asks, a number of `PLACES`, -1 after the end.
    """

    coded: Coded
    trained: int
    places: np.ndarray

    @property
    def size(self):
        return self.coded.steps.shape[1]


class Marks(NamedTuple):
    """What an exam found, each different string counted once.

    wrong_trained, wrong_new: strings with a wrong step among those trained on, among the others.
    illegal: strings in which the most active output was not legal somewhere. places: strings
    that are wrong at each of `PLACES`.
    """

    wrong_trained: int
    wrong_new: int
    illegal: int
    places: tuple[int, ...]

    @property
    def wrong(self):
        return self.wrong_trained + self.wrong_new


def exam_of(sets):
    train, test = ({string.text: string for string in part} for part in sets)
    strings = [*train.values(), *test.values()]
    coded = code(strings)
    where = np.full(coded.steps.shape, -1)
    for b, string in enumerate(strings):
        asked = [PLACES.index(place) for place in places(string.text)]
        where[: len(asked), b] = asked
    return Exam(coded, len(train), where)


def mark(exam, answers):
    """The `Marks` of one network. answers: from xs (T, 1, B, 7) to the outputs."""
    coded = exam.coded
    y, legal, read = answers(coded.xs[:, None])[:, 0], coded.legal, coded.steps > 0
    off = ~right_steps(y, legal) & read
    wrong = off.any(axis=0)
    legal_highest = np.take_along_axis(legal, y.argmax(-1)[..., None], -1)[..., 0] > 0
    at = tuple(int((off & (exam.places == n)).any(axis=0).sum()) for n in range(len(PLACES)))
    return Marks(int(wrong[: exam.trained].sum()), int(wrong[exam.trained :].sum()),
                 int((~legal_highest & read).any(axis=0).sum()), at)  # fmt: skip


def examined(marks, exam, seen, every):
    """The trial that ends after `seen` strings, from its exams, one after `every` strings."""
    last = marks[-1]
    legal = [n for n, each in enumerate(marks, 1) if not each.illegal]
    shares = tuple(each.wrong / exam.size for each in marks)
    return Trial(not last.wrong, int(seen), last.wrong_new, shares, last.wrong_trained,
                 merely_legal=min(legal[0] * every, int(seen)) if legal else -1,
                 places=last.places)  # fmt: skip


def check_reber(params, net, sets, rngs, aim, **counts):
    """What trials of experiment 1 are given: the parameters, in float64."""
    params = check_blocks(params, net)
    K = len(params.hidden)
    check_rngs(rngs, K)
    for name, size in counts.items():
        validate.count(name, size)
    validate.choice("aim", aim, ("next", "legal"))
    check_sets(sets, K)
    return params


def check_sets(sets, K):
    """A `StringSets` for each of K trials."""
    if not isinstance(sets, tuple | list) or len(sets) != K or isinstance(sets, StringSets):
        raise TypeError(f"sets: expected {K} StringSets, got {validate.describe(sets)}")
    for each in sets:
        if not isinstance(each, StringSets):
            raise TypeError(f"sets: expected StringSets, got {validate.describe(each)}")
