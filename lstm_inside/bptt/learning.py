"""A unit learns recall from a gradient that fades (notebook 04)."""

from typing import NamedTuple

import numpy as np

from lstm_core import LSTMParams, lstm_backward, lstm_forward
from lstm_inside import validate
from lstm_inside.bptt.abreast import side_by_side
from lstm_inside.tasks import recall_problem

RATES = (1, 3, 10, 30, 60, 100, 300)
UPDATES = 400  # as many as are tried
GOAL = 0.1  # mean squared error of the last answer
# which gradients are divided by their own size: none, all, w_i's alone, all but w_i's
RULES = ("one rate", "adam", "adam on w_i", "adam on the rest")
_SEQUENCES = 100


class Learned(NamedTuple):
    """How a unit learned: the updates until GOAL, None where no rate got there.

    rate: the one that got there, or that came nearest. told: the gradient of the weight from the
    flag to the input gate at the first update.
    errors: before every update, at that rate; of two data sets' errors the larger one.
    gate: the mean forget gate after `updates`, or after the last one, of two data sets' the
    smaller one. zero: the error of always answering 0, of two data sets' the larger one.
    """

    updates: int | None
    rate: float
    told: float
    errors: np.ndarray
    gate: float
    zero: float


def learn_recall(
    unit, steps=10, *, line=1.0, rule="one rate", sets=(0, 1), updates=UPDATES, beyond=0
) -> Learned:
    """Train copies of a unit on recall, one copy for each of RATES and each data set.

    unit: LSTMParams that read (number, flag) and hold one unit; the loss sees the last step only.
    steps: how long a sequence is; the flag stands in its first half. line: what the backward pass
    multiplies dc_line by at each step, over and above the forget gate; the forward pass stays as
    it is. rule, one of RULES: "one rate" for all weights, one of RATES; "adam", each gradient
    divided by its own size, at a hundredth of it; "adam on w_i", so for the weight from the flag
    to the input gate alone and one rate for the others; "adam on the rest", the other way round.
    sets: the seeds of the data sets, one or two. updates: after how many it is given up. beyond:
    how many follow once GOAL is reached.
    Counted is until, at some rate, the last answer has reached GOAL on every data set.
    Raises ValueError or TypeError for a unit of another form, another rule, steps below 2, a line
    that is no finite number, sets that are not one or two whole numbers, no updates, a beyond
    below 0.
    """
    validate.whole("steps", steps, least=2)
    validate.number("line", line)
    validate.choice("rule", rule, RULES)
    validate.several("sets", sets)
    if len(sets) > 2:
        raise ValueError(f"sets: expected one or two seeds, got {len(sets)}")
    for seed in sets:
        validate.whole("sets", seed, least=0)
    validate.count("updates", updates)
    validate.whole("beyond", beyond, least=0)
    S, K = len(sets), len(RATES)
    units, own = side_by_side([unit] * (S * K), np.repeat(np.arange(S), K).tolist())
    data = [recall_problem(steps, _SEQUENCES, rng=np.random.default_rng(seed)) for seed in sets]
    xs = np.concatenate([d.xs for d in data], axis=2)
    targets = np.concatenate([np.repeat(d.targets, K, axis=1) for d in data], axis=1)
    by_size = _by_size_where(rule, units)
    rates = np.tile(RATES, 4 * S)
    tried = np.array(RATES) / (100 if rule == "adam" else 1)
    moments = [np.zeros((2, *p.shape)) for p in units]  # of the gradients and of their squares
    reached, told, errors = np.zeros((S, K), bool), None, []
    done, end = None, updates  # the update at which GOAL was reached; the last one
    for update in range(updates + 1):
        now = lstm_forward(xs, units)
        off = now.h[-1] - targets
        errors.append((off**2).mean(axis=0).reshape(S, K))
        if done is None:
            reached |= errors[-1] < GOAL
            gates = now.f.mean(axis=(0, 1)).reshape(S, K).min(axis=0)
            if reached.all(axis=0).any():
                done, end = update, min(update + beyond, updates)
        if update == end:
            break
        dhs = np.zeros_like(now.tanh_c)
        dhs[-1] = off / _SEQUENCES  # of the mean of off^2 / 2
        if line == 1:
            back = lstm_backward(dhs, now, units).params
        else:
            back = _backward_fading(dhs, now, units, line)
        if update == 0:
            told = float(back.W_x[1, 0])
        if rule != "one rate":
            sized = _by_own_size(back, moments, update + 1)
            back = [np.where(w, s / 100, dp) for w, s, dp in zip(by_size, sized, back, strict=True)]
        units = LSTMParams(*(p - rates * dp * w for p, dp, w in zip(units, back, own, strict=True)))
    worse = np.array(errors).max(axis=1)  # (updates + 1, K)
    best = int(np.nanargmin(worse.min(axis=0)) if done is None else reached.all(axis=0).argmax())
    zero = max(float((d.targets**2).mean()) for d in data)
    return Learned(done, float(tried[best]), told, worse[:, best], float(gates[best]), zero)


def _by_size_where(rule, units):
    """Where a rule divides by the size: LSTMParams of True and False, in the form of the units."""
    places = LSTMParams(*(np.full(p.shape, rule in ("adam", "adam on the rest")) for p in units))
    if rule in ("adam on w_i", "adam on the rest"):
        w_i = np.split(places.W_x, 4, axis=1)[0][1::2]  # the flags' rows, the input gates' block
        w_i[:] = rule == "adam on w_i"
    return places


def _backward_fading(dhs, trace, params, line):
    """The weights' gradient where dc_line is multiplied by `line` at each step back."""
    i, f, g, o = trace.i, trace.f, trace.g, trace.o
    inner = np.stack([g * i * (1 - i), trace.c[:-1] * f * (1 - f), i * (1 - g**2)], axis=2)
    outer, through = trace.tanh_c * o * (1 - o), o * (1 - trace.tanh_c**2)
    T, B, K = i.shape
    da, dh, dc = np.empty((T, B, 4, K)), 0, 0
    for t in reversed(range(T)):
        dh = dhs[t] + dh  # (4.1)
        dc = dc + dh * through[t]  # (4.7)
        da[t, :, :3], da[t, :, 3] = dc[:, None] * inner[t], dh * outer[t]  # (4.6)-(4.12)
        dh, dc = da[t].reshape(B, -1) @ params.W_h.T, line * f[t] * dc  # (4.3), (4.11)
    da = da.reshape(T * B, 4 * K)
    rows = (a.reshape(T * B, -1).T for a in (trace.xs, trace.h[:-1]))
    return LSTMParams(*(row @ da for row in rows), da.sum(axis=0))


def _by_own_size(grads, moments, count):
    """Adam's step for a rate of 1 (notebook 05): the mean gradient over its own usual size."""
    steps = []
    for grad, moment in zip(grads, moments, strict=True):
        moment[0] += 0.1 * (grad - moment[0])
        moment[1] += 0.001 * (grad**2 - moment[1])
        size = np.sqrt(moment[1] / (1 - 0.999**count))
        steps.append(moment[0] / (1 - 0.9**count) / (size + 1e-8))
    return LSTMParams(*steps)


def units_after(unit, counts, rate=3.0, steps=16) -> list[LSTMParams]:
    """A unit as it is after so many updates, on the first data set of `learn_recall`.

    unit: as there; one rate holds for all weights. counts: whole numbers that rise; 0 gives the
    unit itself. Raises as `learn_recall` does, and for no counts or some that do not rise, or a
    rate that is no finite number.
    """
    validate.several("counts", counts)
    for before, count in zip((-1, *counts), counts, strict=False):
        validate.whole("counts", count, least=before + 1)
    validate.number("rate", rate)
    validate.whole("steps", steps, least=2)
    (unit, _), data = (
        side_by_side([unit], [0]),
        recall_problem(steps, _SEQUENCES, rng=np.random.default_rng(0)),
    )
    kept = []
    for update in range(counts[-1] + 1):
        if update in counts:
            kept.append(unit)
        now = lstm_forward(data.xs, unit)
        dhs = np.zeros_like(now.h[1:])
        dhs[-1] = (now.h[-1] - data.targets) / _SEQUENCES
        back = lstm_backward(dhs, now, unit).params
        unit = LSTMParams(*(p - rate * dp for p, dp in zip(unit, back, strict=True)))
    return kept
