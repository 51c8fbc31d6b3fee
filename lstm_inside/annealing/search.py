"""Search without a gradient: simulated annealing and plain guessing, beside descent.

Each method looks for parameters with a small loss and reports what every evaluation of the
loss brought, so that they can be held against each other at equal cost. Numbers in brackets,
such as (6.1), are the equations of notebook 06_annealing.

Parameters are one float array or a tree of them (a NamedTuple of NamedTuples, such as a
`Model`); randomness comes from a Generator handed in. No function changes what it was given.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_core import LSTMParams, sigmoid
from lstm_inside import validate
from lstm_inside.training import (
    Model,
    answers,
    arrays_of,
    cell_backward,
    check_last,
    check_model,
    check_optimiser,
    each_array,
    readout_backward,
    run_cell,
)

GRADIENT_COST = 3  # evaluations that one loss with its gradient is charged as


@dataclass(frozen=True, eq=False)
class Search:
    """What a search saw: one entry for every evaluation of the loss, the start's first.

    best: the parameters with the smallest loss met. losses (N,): each candidate's loss.
    current (N,): the loss of where the search stood afterwards. accepted (N,): whether the
    candidate was taken. temperatures (N,): T at that moment, 0 where there is none.
    cost: evaluations that one entry is charged as. path: where it stood, (N, size) for a
    search over an array whose `path` was asked for, else None.
    """

    best: Any
    losses: np.ndarray
    current: np.ndarray
    accepted: np.ndarray
    temperatures: np.ndarray
    cost: int = 1
    path: np.ndarray | None = None

    @property
    def best_so_far(self) -> np.ndarray:
        """The smallest loss among the first n candidates, for every n."""
        return np.minimum.accumulate(self.losses)

    @property
    def evaluations(self) -> np.ndarray:
        """How many evaluations had been spent when each entry was known."""
        return self.cost * np.arange(1, len(self.losses) + 1)


# ---------------------------------------------------------------- acceptance and cooling


def acceptance(change, temperature):
    """The chance of taking a candidate whose loss differs by `change` (6.2).

    1 for change <= 0, else exp(-change / T); at T = 0 no candidate that is worse is taken.
    change: any real numbers, +inf for a loss that overflowed. Metropolis et al. 1953.
    Raises ValueError or TypeError for a temperature below 0 or not finite, for NaN.
    """
    _check_at_least_0("temperature", temperature)
    change = validate.real("change", change)
    if np.isnan(change).any():
        raise ValueError("change: expected numbers, got NaN")
    worse = np.maximum(change, 0.0)
    if temperature == 0:
        return np.where(worse > 0, 0.0, 1.0)[()]
    with np.errstate(under="ignore", over="ignore"):
        return np.exp(-worse / temperature)[()]


def highest_climbs(temperatures, *, rng) -> np.ndarray:
    """The largest change that each look takes, drawn by (6.2); shaped as the temperatures.

    A number u drawn evenly from 0 to 1 is below exp(-change / T) as long as the change is below
    -T ln u: a candidate is taken up to that change, and so with the chance `acceptance`.
    Raises ValueError or TypeError for temperatures below 0 or not finite, no Generator.
    """
    temperatures = validate.real("temperatures", temperatures)
    validate.finite("temperatures", temperatures)
    if (temperatures < 0).any():
        raise ValueError(f"temperatures: expected none below 0, got {temperatures.min()}")
    validate.generator(rng)
    return -temperatures * np.log1p(-rng.random(temperatures.shape))  # 1 - u is never 0


def geometric_cooling(start, cooling, count) -> np.ndarray:
    """T_n = start * cooling^n for n = 0 .. count - 1: one factor throughout, as in (6.4).

    Kirkpatrick et al. 1983.

    Raises ValueError or TypeError for a start below 0, 0 < cooling <= 1 not kept, count < 1.
    """
    _check_at_least_0("start", start)
    validate.count("count", count)
    if not 0 < validate.real("cooling", cooling, ndim=0) <= 1:
        raise ValueError(f"cooling: expected 0 < cooling <= 1, got {cooling}")
    with np.errstate(under="ignore"):
        return start * float(cooling) ** np.arange(count)


def linear_cooling(start, count) -> np.ndarray:
    """Temperatures that fall from `start` in equal steps, the last one 0."""
    _check_at_least_0("start", start)
    validate.count("count", count)
    return start * (1 - np.arange(count) / max(count - 1, 1))


# ---------------------------------------------------------------- three ways to search


def anneal(loss: Callable, start, temperatures, *, step, rng, until=None, path=False) -> Search:
    """Simulated annealing (6.1)-(6.4): a random walk that may climb, less and less.

    loss: parameters -> number (infinity is allowed and never taken). start: parameters.
    temperatures (N,): one for each proposal, so N + 1 evaluations. step: the deviation of a
    proposal's normal noise. until: stop at the first loss at or below it. path: keep where the
    walk stood (`start` one array).
    Raises ValueError or TypeError for a step not above 0, temperatures below 0, parameters
    that are not finite floats, a loss that is no number, no function, no Generator.
    """
    validate.function("loss", loss)
    _check_start(start)
    validate.generator(rng)
    _check_above_0("step", step)
    _check_until(until)
    temperatures = validate.real("temperatures", temperatures, ndim=1).astype(float)
    validate.finite("temperatures", temperatures)
    if (temperatures < 0).any():
        raise ValueError(f"temperatures: expected none below 0, got {temperatures.min()}")
    here, height = start, _evaluate(loss, start)
    best, lowest = here, height
    losses, current, accepted, places = [height], [height], [True], [here]
    for T in temperatures:
        if until is not None and lowest <= until:
            break
        there = each_array(lambda p: p + step * rng.standard_normal(p.shape), here)  # (6.1)
        value = _evaluate(loss, there)
        take = bool(value < np.inf and rng.random() < _chance(value, height, T))  # (6.2)
        if take:
            here, height = there, value
        if value < lowest:
            best, lowest = there, value
        losses.append(value)
        current.append(height)
        accepted.append(take)
        if path:
            places.append(here)
    temperatures = np.append(temperatures[:1], temperatures)[: len(losses)]
    return Search(
        best, np.array(losses), np.array(current), np.array(accepted), temperatures,
        path=_as_path(places) if path else None,
    )  # fmt: skip


def walk(loss: Callable, start, temperatures, propose: Callable, rng) -> np.ndarray:
    """The walk of exercise 3: whatever can be proposed, it anneals (6.2).

    loss: place -> number. start (size,). temperatures (N,), one for each candidate. propose:
    place, rng -> a candidate of the same shape.
    Returns the start, and where the walk stood after each candidate: (N + 1, size).
    Raises ValueError or TypeError for a start that is not (size,), temperatures below 0 or not
    finite, candidates of another shape, no functions, no Generator.
    """
    validate.function("loss", loss)
    validate.function("propose", propose)
    validate.generator(rng)
    here = validate.real("start", start, ndim=1)
    if not here.size:
        raise ValueError("start: expected at least one number, got none")
    validate.finite("start", here)
    temperatures = validate.real("temperatures", temperatures, ndim=1)
    climbs = highest_climbs(temperatures, rng=rng)
    height, places = _evaluate(loss, here), [here]
    for highest in climbs:
        there = validate.real("propose(place, rng)", propose(here, rng), ndim=1)
        if there.shape != here.shape:
            raise ValueError(f"propose(place, rng): expected shape {here.shape}, got {there.shape}")
        value = _evaluate(loss, there)
        if value - height <= highest:
            here, height = there, value
        places.append(here)
    return np.array(places)


def guess(loss: Callable, draw: Callable, count, *, rng, until=None, path=False) -> Search:
    """Plain guessing: `count` independent draws, the best one kept.

    draw: rng -> fresh parameters. Every draw counts as accepted when it is a new best.
    until: stop at the first loss at or below it.
    Raises ValueError or TypeError for a count below 1, a loss that is no number, no function, no
    Generator.
    """
    validate.function("loss", loss)
    validate.function("draw", draw)
    validate.count("count", count)
    _check_until(until)
    validate.generator(rng)
    best, lowest = None, np.inf
    losses, accepted, places = [], [], []
    for _ in range(count):
        there = draw(rng)
        value = _evaluate(loss, there)
        new = best is None or value < lowest
        if new:
            best, lowest = there, value
        losses.append(value)
        accepted.append(new)
        if path:
            places.append(there)
        if until is not None and value <= until:
            break
    losses = np.array(losses)
    return Search(
        best, losses, np.minimum.accumulate(losses), np.array(accepted), np.zeros(len(losses)),
        path=_as_path(places) if path else None,
    )  # fmt: skip


def descend(loss_and_grad: Callable, start, optimiser, count, *, until=None, path=False) -> Search:
    """`count` evaluations of a loss with its gradient, a step of `optimiser` between two.

    loss_and_grad: parameters -> (loss, gradients). optimiser: one of `lstm_inside.training`.
    Each entry is charged as GRADIENT_COST evaluations. until: stop at the first loss at or below
    it.
    Raises ValueError or TypeError as `anneal` does, and for no optimiser.
    """
    validate.function("loss_and_grad", loss_and_grad)
    validate.count("count", count)
    _check_start(start)
    check_optimiser(optimiser)
    _check_until(until)
    here, moments = start, optimiser.start(start)
    best, lowest = here, np.inf
    losses, places = [], []
    for n in range(count):
        pair = loss_and_grad(here)
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(
                f"loss_and_grad: expected (loss, gradients), got {validate.describe(pair)}"
            )
        value, grads = pair
        value = _evaluate(lambda _, value=value: value, here)
        if value < lowest:
            best, lowest = here, value
        losses.append(value)
        places.append(here)
        if until is not None and value <= until:
            break
        if n < count - 1:
            here, moments = optimiser.step(here, grads, moments)
    losses = np.array(losses)
    return Search(
        best, losses, losses, np.ones(len(losses), bool), np.zeros(len(losses)), GRADIENT_COST,
        _as_path(places) if path else None,
    )  # fmt: skip


def anneal_many(loss: Callable, starts, temperatures, *, step, rng):
    """K walks of `anneal` side by side, for a loss that takes all K candidates in one pass.

    loss: (K, size) -> (K,). starts (K, size). temperatures (N, K). step: one number, (K, 1), or
    one for each look too, (N, K, 1).
    rng: one Generator, or a list of some, each for as many walks: two of one seed give the first
    half of the walks and the second the same random numbers.
    Returns where the walks stood (N + 1, K, size), their losses there and whether they took
    the step that led there, both (N + 1, K).
    Raises ValueError or TypeError for shapes that differ, numbers that are not finite, a step
    not above 0, temperatures below 0, no function, no Generator, K no multiple of their number.
    """
    validate.function("loss", loss)
    here = validate.real("starts", starts, ndim=2).astype(float)
    rngs = rng if isinstance(rng, list) else [rng]
    validate.several("rng", rngs)
    for each in rngs:
        validate.generator(each)
    temperatures = validate.real("temperatures", temperatures, ndim=2)
    validate.finite("starts", here)
    validate.finite("temperatures", temperatures)
    if not here.size:
        raise ValueError(f"starts: expected (K, size), each at least 1, got shape {here.shape}")
    if len(here) % len(rngs):
        raise ValueError(f"rng: expected to share {len(here)} walks, got {len(rngs)} Generators")
    if temperatures.shape[1] != len(here):
        raise ValueError(f"temperatures: expected (N, {len(here)}), got {temperatures.shape}")
    if (temperatures < 0).any():
        raise ValueError(f"temperatures: expected none below 0, got {temperatures.min()}")
    step = validate.real("step", step)
    if step.shape not in ((), (len(here), 1), (*temperatures.shape, 1)):
        raise ValueError(
            f"step: expected one number, ({len(here)}, 1) or {(*temperatures.shape, 1)}, "
            f"got shape {step.shape}"
        )
    for each in (step.min(initial=1.0), step.max(initial=1.0)):
        _check_above_0("step", each)
    height = _evaluate_all(loss, here)
    places, losses = [here], [height]
    taken = [np.ones(len(here), bool)]
    noise, climbs = _drawn(temperatures, here.shape[1], rngs)
    for highest, move in zip(climbs, noise * step, strict=True):
        there = here + move  # (6.1)
        value = _evaluate_all(loss, there)
        take = value - height <= highest
        here = np.where(take[:, None], there, here)
        height = np.where(take, value, height)
        places.append(here)
        losses.append(height)
        taken.append(take)
    return np.array(places), np.array(losses), np.array(taken)


def _drawn(temperatures, size, rngs):
    """What each walk at each look draws: its noise (N, K, size) and its highest climb (N, K)."""
    noise, climbs = [], []
    for rng, own in zip(rngs, np.split(temperatures, len(rngs), axis=1), strict=True):
        noise.append(rng.standard_normal((*own.shape, size)))
        climbs.append(highest_climbs(own, rng=rng))
    return np.concatenate(noise, axis=1), np.concatenate(climbs, axis=1)


def evaluations_until(search, level) -> int | None:
    """How many evaluations it took to meet a loss of at most `level`; None for never.

    Raises ValueError or TypeError for what is no Search or no number.
    """
    if not isinstance(search, Search):
        raise TypeError(f"search: expected a Search, got {validate.describe(search)}")
    if np.isnan(validate.real("level", level, ndim=0)):
        raise ValueError("level: expected a number, got nan")
    met = np.flatnonzero(search.losses <= level)
    return int(search.evaluations[met[0]]) if len(met) else None


def _chance(value, height, T):
    return acceptance(value - height if height < np.inf else -1.0, T)


def _as_path(places):
    return np.array([np.ravel(place) for place in places])


def _evaluate(loss, params):
    value = float(validate.real("loss(params)", loss(params), ndim=0))
    if np.isnan(value):
        raise ValueError("loss(params): expected a number, got nan")
    return value


def _evaluate_all(loss, params):
    values = validate.real("loss(params)", loss(params))
    if values.shape != (len(params),) or np.isnan(values).any():
        raise ValueError(f"loss(params): expected {len(params)} numbers, got {values}")
    return values


def _check_start(start):
    arrays = arrays_of(start)
    if not arrays:
        raise ValueError("start: expected at least one array, got none")
    for array in arrays:
        if validate.real("start", array).dtype.kind != "f" or not isinstance(array, np.ndarray):
            raise TypeError(f"start: expected arrays of floats, got {type(array).__name__}")
        validate.finite("start", array)


def _check_at_least_0(name, x):
    x = validate.real(name, x, ndim=0)
    if not 0 <= x < np.inf:
        raise ValueError(f"{name}: expected a finite number of at least 0, got {x}")


def _check_until(until):
    if until is not None:
        validate.finite("until", validate.real("until", until, ndim=0))


def _check_above_0(name, x):
    x = validate.real(name, x, ndim=0)
    if not 0 < x < np.inf:
        raise ValueError(f"{name}: expected a finite number above 0, got {x}")


# ---------------------------------------------------------------- a loss for two classes


def two_class_loss(model, batch):
    """Mean squared error of sigmoid(y) at the end of a `Sequences` batch: loss, gradients.

    Raises as `training.answers` does, and for targets that are not shaped like the answers.
    """
    check_model(model)
    check_last(batch)
    trace = run_cell(batch.xs, model.cell)
    share = sigmoid(answers(model, batch, trace))
    off = share - _targets(batch, share)
    dy = 2 * off * share * (1 - share) / off.size
    due = batch.last + 1, np.arange(len(batch.last))
    dh, dreadout = readout_backward(dy, trace.h[due], model.readout)
    dhs = np.zeros_like(trace.h[1:])
    dhs[batch.last, due[1]] = dh
    grads = cell_backward(dhs, trace, model.cell)
    return float((off**2).mean()), Model(grads.params, dreadout)


def two_class_error(model, batch) -> float:
    """The loss of `two_class_loss` by the forward pass alone: one evaluation. Raises like it."""
    share = sigmoid(answers(model, batch))
    return float(((share - _targets(batch, share)) ** 2).mean())


def share_right(model, batch) -> float:
    """The share of sequences whose answer lies on the right side of 1/2.

    Raises as `two_class_loss` does.
    """
    said = answers(model, batch)
    return float(((said > 0) == (_targets(batch, said) > 0.5)).mean())


def _targets(batch, said):
    return validate.array("targets", batch.targets, said.shape, "(B, K)", said.dtype)


# ---------------------------------------------------------------- many networks in one pass


def side_by_side(cells) -> LSTMParams:
    """K LSTMs of one size as one LSTM with K H units that do not know of each other.

    cells: LSTMParams with leading axis K: W_x (K, D, 4H), W_h (K, H, 4H), b (K, 4H).
    Raises ValueError or TypeError for what is none, NaN or infinity.
    """
    validate.of_kind("cells", cells, LSTMParams)
    cells = cells._make(map(validate.real, cells._fields, cells, (3, 3, 2)))
    K, H, _ = cells.W_h.shape
    D = cells.W_x.shape[1]
    for name, p, shape in zip(
        cells._fields, cells, ((K, D, 4 * H), (K, H, 4 * H), (K, 4 * H)), strict=True
    ):
        if p.shape != shape or not p.size or p.dtype.kind != "f":
            raise ValueError(f"{name}: expected floats {shape}, got {validate.describe(p)}")
        validate.finite(name, p)
    W_x = cells.W_x.reshape(K, D, 4, H).transpose(1, 2, 0, 3).reshape(D, 4 * K * H)
    W_h = np.zeros((K, H, 4, K, H), cells.W_h.dtype)
    each = np.arange(K)
    W_h[each, :, :, each] = cells.W_h.reshape(K, H, 4, H)
    b = cells.b.reshape(K, 4, H).transpose(1, 0, 2)
    return LSTMParams(W_x, W_h.reshape(K * H, 4 * K * H), b.reshape(4 * K * H))
