"""Trials on embedded Reber strings: experiment 1 of 1997, and the same with today's variants."""

from typing import NamedTuple

import numpy as np

from lstm_inside import validate

from .blocks import blocks_forward, check_blocks, check_rngs
from .grammar import Coded, StringSets, code, right_steps
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
    wrong at the end; its `errors` are the shares of both at the exams. Raises ValueError or
    TypeError for another aim, weights that do not fit the wiring, counts below 1, rates below
    0, not as many sets or generators as networks.
    """
    params = check_blocks(params, net)
    K = len(params.hidden)
    check_rngs(rngs, K)
    for name, size in (("cap", cap), ("every", every)):
        validate.count(name, size)
    validate.choice("aim", aim, ("next", "legal"))
    if not isinstance(sets, tuple | list) or len(sets) != K:
        raise TypeError(f"sets: expected {K} StringSets, got {validate.describe(sets)}")
    for each in sets:
        check_sets(each)
    which = {id(s): s for s in sets}
    order = {key: n for n, key in enumerate(which)}
    coded = [code(s.train) for s in which.values()]
    exams = [exam_of(s) for s in which.values()]
    T = max(len(c.xs) for c in coded)
    xs, targets, legal = (_pad([getattr(c, name) for c in coded], T) for name in Coded._fields[:3])
    targets = legal if aim == "legal" else targets
    lengths = np.array([c.steps.sum(axis=0) for c in coded]).astype(int)
    count = lengths.shape[1]

    learner = RealTime(params, net, online=online)
    cohort, mine = Cohort(K), np.array([order[id(s)] for s in sets])
    rate = as_rates(rate, K)
    string = np.array([int(rng.integers(count)) for rng in rngs])
    at, seen = np.zeros(K, dtype=int), np.zeros(K, dtype=int)
    shares = [[] for _ in rngs]
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
            wrong = wrong_strings(exam, lambda xs, one=one: blocks_forward(xs, one, net)[0])
            shares[k].append(sum(wrong) / exam.size)
            if not any(wrong) or seen[j] >= cap:
                cohort.end(j, examined(wrong, seen[j], shares[k]))
        if (stay := cohort.drop()) is not None:
            learner.keep(np.isin(np.arange(len(at)), stay))
            mine, rate, string, at, seen = (a[stay] for a in (mine, rate, string, at, seen))
    return cohort.results


def string_trials(params, model, sets, optimiser, *, rngs, cap, every=100):
    """Train K networks on embedded Reber strings, an update a string: K `Trial`s.

    Cross-entropy and an optimiser of `lstm_inside.training` where 1997 had squared error and plain
    descent; strings, exams and results are those of `reber_trials`. sets: a `StringSets` for
    all trials. params: a tree of arrays (K, ...) that `model` understands.
    Raises ValueError or TypeError for no such sets, counts below 1, no model, no optimiser, not
    as many generators as networks.
    """
    check_trials(params, model, optimiser, rngs, cap=cap, every=every)
    check_sets(sets)
    train = code(sets.train)
    exam = exam_of(sets)
    lengths, cohort = train.steps.sum(axis=0).astype(int), Cohort(len(rngs))
    shares, moments = [[] for _ in rngs], optimiser.start(params)
    for seen in range(1, cap + 1):
        string = np.array([rngs[k].integers(len(lengths)) for k in cohort.alive])
        T = lengths[string].max()
        xs, targets, steps = (
            part[:T, string, None] for part in (train.xs, train.targets, train.steps)
        )
        y, trace = model.forward(xs, params)
        grads = model.backward((y - targets) * steps[..., None], trace, params)
        params, moments = optimiser.step(params, grads, moments)
        if seen % every and seen < cap:
            continue
        for at, k in enumerate(cohort.alive):
            one = pick(params, [at])
            wrong = wrong_strings(exam, lambda xs, one=one: model.forward(xs, one)[0])
            shares[k].append(sum(wrong) / exam.size)
            if not any(wrong) or seen == cap:
                cohort.end(at, examined(wrong, seen, shares[k]))
        if (stay := cohort.drop()) is not None:
            params, moments = pick(params, stay), pick(moments, stay)
        if not len(cohort.alive):
            break
    return cohort.results


def _pad(arrays, T):
    """Arrays (t, B, n) of several lengths as one (len(arrays), T, B, n)."""
    return np.stack([np.pad(a, ((0, T - len(a)), (0, 0), (0, 0))) for a in arrays])


def examined(wrong, seen, shares):
    """The trial that ends after `seen` strings with so many wrong in training and test."""
    trained, new = wrong
    return Trial(not any(wrong), int(seen), new, tuple(shares), trained)


class Exam(NamedTuple):
    """The different strings of a pair of sets: `trained` training strings, then the others."""

    coded: Coded
    trained: int

    @property
    def size(self):
        return self.coded.steps.shape[1]


def exam_of(sets):
    train, test = ({string.text: string for string in part} for part in sets)
    return Exam(code([*train.values(), *test.values()]), len(train))


def wrong_strings(exam, answers):
    """How many strings of training and test one network gets wrong, each different one once.

    answers: from xs (T, 1, B, 7) to the outputs.
    """
    coded = exam.coded
    right = right_steps(answers(coded.xs[:, None])[:, 0], coded.legal) | (coded.steps == 0)
    wrong = ~right.all(axis=0)
    return int(wrong[: exam.trained].sum()), int(wrong[exam.trained :].sum())


def check_sets(sets):
    if not isinstance(sets, StringSets):
        raise TypeError(f"sets: expected StringSets, got {validate.describe(sets)}")
