"""Many small networks in one pass: what makes a comparison over many starts affordable.

Every network is a row of P weights, so K of them are an array (K, P), as `anneal_many` wants
them. The results are those of `lstm_core` (a test holds them to it) at a fraction of its time:
NumPy is called once a step for all networks instead of once for each.
"""

from typing import NamedTuple

import numpy as np

from lstm_inside import validate
from lstm_inside.training import (
    Adam,
    Model,
    arrays_of,
    check_last,
    check_model,
    each_array,
    is_lstm,
)

from .search import anneal_many


class Crowd:
    """K networks of one form and the G batches they are asked: row k has batch k modulo G.

    form: a Model (its weights do not matter, its shapes do). batches: G `Sequences` of one
    number of sequences B, padded at their ends to one length. two_class: whether the answer y is
    squashed to sigmoid(y) before its squared error. dtype: float64, or float32, which takes a
    third of the time; what comes out is float64.
    Raises ValueError or TypeError for what is no Model, no batch, batches that do not fit, an
    unknown dtype.
    """

    def __init__(self, form: Model, batches, *, two_class=False, dtype=np.float64):
        check_model(form)
        validate.several("batches", batches)
        for batch in batches:
            check_last(batch)
        self.form, self.two_class, self.dtype = form, two_class, validate.dtype(dtype)
        T = max(len(batch.xs) for batch in batches)
        B = len(batches[0].last)
        D, answers = len(form.cell.W_x), form.readout.W_y.shape[1]
        for batch in batches:
            validate.array("xs", batch.xs, (len(batch.xs), B, D), "(T, B, D)", batch.xs.dtype)
            validate.array("targets", batch.targets, (B, answers), "(B, K)", batch.targets.dtype)
        self.xs = np.zeros((T, len(batches), B, D), self.dtype)
        for g, batch in enumerate(batches):
            self.xs[: len(batch.xs), g] = batch.xs
        self.targets = np.stack([batch.targets for batch in batches]).astype(self.dtype)
        self.last = np.stack([batch.last for batch in batches])
        one = np.ones((*self.xs.shape[:-1], 1), self.dtype)  # its weight is the bias
        self._inputs = _steps_inside(np.concatenate([self.xs, one], axis=-1))  # (G, T B, D + 1)
        ends = self.last == np.arange(T)[:, None, None]
        self._ends_here = [here[..., None] if here.any() else None for here in ends]
        self._ends = np.cumsum([a.size for a in arrays_of(form)])

    def rows(self, models) -> np.ndarray:
        """The weights of some Models of this form, one row each: (K, P).

        Raises ValueError or TypeError for what is no Model, or one of another form.
        """
        validate.several("models", models)
        shapes = [a.shape for a in arrays_of(self.form)]
        for model in models:
            check_model(model)
            if [a.shape for a in arrays_of(model)] != shapes:
                raise ValueError(f"models: expected arrays of shapes {shapes}, got another form")
        rows = [np.concatenate([a.ravel() for a in arrays_of(model)]) for model in models]
        return np.array(rows, dtype=float)

    @property
    def size(self) -> int:
        """P, how many weights one network has."""
        return int(self._ends[-1])

    def model(self, row) -> Model:
        """The Model whose weights are a row (P,). Raises ValueError or TypeError for no row."""
        row = self._checked("row", validate.real("row", row, ndim=1)[None])[0]
        parts = iter(np.split(row, self._ends[:-1]))
        return each_array(lambda a: next(parts).reshape(a.shape), self.form)

    def answers(self, rows) -> np.ndarray:
        """What each network answers on its batch, y or sigmoid(y): (K, B, answers).

        Raises ValueError or TypeError for rows that are not (K, P), K a multiple of G.
        """
        said = self._forward(self._weights(rows))[0]
        return said.reshape(-1, *said.shape[2:])

    def losses(self, rows) -> np.ndarray:
        """The mean squared error of each network on its batch, (K, P) -> (K,).

        Raises as `answers` does.
        """
        off = self._forward(self._weights(rows))[0] - self.targets
        return (off**2).mean(axis=(2, 3)).ravel().astype(float)

    def gradients(self, rows) -> tuple[np.ndarray, np.ndarray]:
        """The losses (K,) and their gradients with respect to the weights (K, P).

        Raises as `answers` does.
        """
        weights = self._weights(rows)
        _, W_h, _, W_y, _ = weights
        said, end, steps = self._forward(weights, keep=True)
        off = said - self.targets
        dy = 2 * off / off[0, 0].size
        if self.two_class:
            dy = dy * said * (1 - said)
        dW_y, db_y = _turned(end) @ dy, dy.sum(axis=2)
        back = self._lstm_back if self._is_lstm else self._rnn_back
        grads = [*back(dy @ _turned(W_y), steps, W_h), dW_y, db_y]
        losses = (off**2).mean(axis=(2, 3)).ravel().astype(float)
        return losses, np.hstack([g.reshape(len(losses), -1) for g in grads]).astype(float)

    @property
    def _is_lstm(self):
        return is_lstm(self.form.cell)

    def _checked(self, name, rows):
        rows = validate.real(name, rows, ndim=2)
        if rows.shape[1] != self.size:
            raise ValueError(f"{name}: expected {self.size} weights, got {rows.shape[1]}")
        validate.finite(name, rows)
        return rows.astype(float)

    def _weights(self, rows):
        rows = self._checked("rows", rows)
        G = len(self.targets)
        if not len(rows) or len(rows) % G:
            raise ValueError(f"rows: expected a multiple of {G} networks, got {len(rows)}")
        rows = rows.reshape(-1, G, self.size).astype(self.dtype)  # (K / G, G, P)
        parts = np.split(rows, self._ends[:-1], axis=2)
        shapes = (a.shape for a in arrays_of(self.form))
        return [p.reshape(*rows.shape[:2], *s) for p, s in zip(parts, shapes, strict=True)]

    def _forward(self, weights, keep=False):
        """The answers (M, G, B, K), the states at the end, and each step's trace if it is kept."""
        W_x, W_h, b, W_y, b_y = weights
        run = self._lstm if self._is_lstm else self._rnn
        with np.errstate(over="ignore"):
            end, steps = run(np.concatenate([W_x, b[..., None, :]], axis=-2), W_h, keep)
            y = end @ W_y + b_y[..., None, :]
            return (1 / (1 + np.exp(-y)) if self.two_class else y), end, steps

    def _from_inputs(self, W_in):
        """x @ W_x + b of all steps at once: weights (..., G, D + 1, H) to (T, ..., G, B, H)."""
        T, _, B, _ = self.xs.shape
        a = self._inputs @ W_in  # (..., G, T B, H)
        return np.moveaxis(a.reshape(*a.shape[:-2], T, B, -1), -3, 0)

    def _rnn(self, W_in, W_h, keep):
        h = end = np.zeros((*W_in.shape[:2], self.last.shape[1], W_h.shape[-1]), self.dtype)
        hs = [h]
        for a, here in zip(self._from_inputs(W_in), self._ends_here, strict=True):
            h = np.tanh(a + _times(h, W_h))  # (M, G, B, H)
            if here is not None:
                end = np.where(here, h, end)
            if keep:
                hs.append(h)
        return end, hs

    def _rnn_back(self, dh_end, hs, W_h):
        back, das = _turned(W_h), []
        dh = np.zeros_like(dh_end)
        for h, here in zip(hs[:0:-1], self._ends_here[::-1], strict=True):
            if here is not None:
                dh = dh + here * dh_end
            das.append(dh * (1 - h**2))
            dh = _times(das[-1], back)
        return self._weight_gradients(np.stack(hs[:-1]), np.stack(das[::-1]))

    def _lstm(self, W_in, W_h, keep):
        W_in, W_h = _by_gate(W_in, _TURNED), _by_gate(W_h, _TURNED)  # (4, M, G, ., H)
        h = c = end = np.zeros((*W_in.shape[1:3], self.last.shape[1], W_h.shape[-1]), self.dtype)
        steps = []
        for a, here in zip(self._from_inputs(W_in), self._ends_here, strict=True):
            s = a + _times(h, W_h)
            np.exp(s, out=s)  # in place: large arrays are mostly memory traffic
            s += 1
            i, f, g, o = np.reciprocal(s, out=s)
            g = 2 * g - 1  # tanh(a) = 2 sigmoid(2 a) - 1
            before = h, c
            c = f * c + i * g
            squashed = np.tanh(c)
            h = o * squashed
            if here is not None:
                end = np.where(here, h, end)
            if keep:
                steps.append((*before, i, f, g, o, squashed))
        return end, steps

    def _lstm_back(self, dh_end, steps, W_h):
        back, das = _turned(_by_gate(W_h)), []
        dh = dc = np.zeros_like(dh_end)
        for step, here in zip(steps[::-1], self._ends_here[::-1], strict=True):
            _, c_prev, i, f, g, o, squashed = step
            if here is not None:
                dh = dh + here * dh_end
            dc = dc + dh * o * (1 - squashed**2)
            da = np.stack(
                [
                    dc * g * i * (1 - i),
                    dc * c_prev * f * (1 - f),
                    dc * i * (1 - g**2),
                    dh * squashed * o * (1 - o),
                ]
            )
            das.append(da)
            dh, dc = _times(da, back).sum(axis=0), dc * f
        hs = np.stack([step[0] for step in steps])
        grads = self._weight_gradients(hs, np.stack(das[::-1]))
        return [np.concatenate(list(grad), axis=-1) for grad in grads]  # gates side by side again

    def _weight_gradients(self, hs, das):
        """dW_x, dW_h and db over all steps at once, from hs and das, both (T, ..., G, B, H)."""
        flat = _steps_inside(das)  # (..., G, T B, H)
        before = _steps_inside(hs)  # (M, G, T B, H)
        dW_in = _turned(self._inputs) @ flat
        return dW_in[..., :-1, :], _turned(before) @ flat, dW_in[..., -1, :]


_TURNED = (-1, -1, -2, -1)  # a gate is 1 / (1 + exp(-a)); the candidate's tanh is one of 2 a


def _by_gate(p, factors=(1, 1, 1, 1)):
    """Weights (M, G, ., 4H), gates side by side, to (4, M, G, ., H), each times its factor."""
    gates = np.stack(np.split(p, 4, axis=-1))
    return gates * np.reshape(np.array(factors, p.dtype), (4,) + (1,) * p.ndim)


def _times(h, W):
    """h @ W, which for one unit is a product of numbers and much faster as that."""
    return h * W if W.shape[-1] == W.shape[-2] == 1 else h @ W


def _steps_inside(array):
    """(T, ..., G, B, H) to (..., G, T B, H): the steps of a network beside its sequences."""
    *lead, B, H = array.shape
    moved = np.moveaxis(array.reshape(*lead, B * H), 0, -2)  # long rows are copied faster
    return moved.reshape(*moved.shape[:-2], -1, H)


def _turned(array):
    return np.swapaxes(array, -1, -2)


# ---------------------------------------------------------------- three searches, many starts


class Found(NamedTuple):
    """What K searches side by side found: weights as rows, the batch of row k is k modulo G.

    best (K, P): the weights with the smallest loss met. last (K, P): where each search stood at
    its end. losses (N, K): the loss of where it stood, one entry for each look at the loss.
    """

    best: np.ndarray
    last: np.ndarray
    losses: np.ndarray


def anneal_all(crowd: Crowd, starts, schedules, *, step, rng) -> list[Found]:
    """`anneal_many` on a crowd's losses, all schedules side by side: one Found for each.

    starts (K, P); schedules: M rows of temperatures, (M, N), each for all starts. step: one
    number, or one for each schedule (M,).
    Raises ValueError or TypeError for no Crowd, schedules that are not (M, N), steps that are
    not one or M, and as `anneal_many` does.
    """
    check_crowd(crowd)
    schedules = validate.real("schedules", schedules, ndim=2)
    starts = validate.real("starts", starts, ndim=2)
    K = len(starts)
    if not len(schedules):
        raise ValueError("schedules: expected at least one, got none")
    step = validate.real("step", step)
    if step.shape not in ((), (len(schedules),)):
        raise ValueError(
            f"step: expected one number or ({len(schedules)},), got shape {step.shape}"
        )
    steps = np.repeat(np.broadcast_to(step, len(schedules)), K)[:, None]
    places, losses, _ = anneal_many(
        crowd.losses, np.tile(starts, (len(schedules), 1)), np.repeat(schedules.T, K, axis=1),
        step=steps, rng=rng,
    )  # fmt: skip
    found = []
    for m in range(len(schedules)):
        own = slice(m * K, (m + 1) * K)
        at = losses[:, own].argmin(axis=0), np.arange(m * K, (m + 1) * K)
        found.append(Found(places[at], places[-1, own], losses[:, own]))
    return found


_AT_ONCE = 20  # guesses for a batch in one pass


def guess_all(crowd: Crowd, width, count, *, rng) -> Found:
    """`count` guesses for each batch of a crowd, every weight uniform within -width to width.

    What is found has one row a batch; `last` is the last guess.
    Raises ValueError or TypeError for no Crowd, a width not above 0, a count below 1, no
    Generator.
    """
    check_crowd(crowd)
    validate.positive("width", width)
    validate.count("count", count)
    validate.generator(rng)
    G = len(crowd.targets)
    best, lowest, losses = None, np.full(G, np.inf), []
    for first in range(0, count, _AT_ONCE):
        rows = rng.uniform(-width, width, (min(_AT_ONCE, count - first), G, crowd.size))
        values = crowd.losses(rows.reshape(-1, crowd.size)).reshape(len(rows), G)
        at = values.argmin(axis=0), np.arange(G)
        better = values[at] < lowest
        best = rows[at] if best is None else np.where(better[:, None], rows[at], best)
        lowest = np.minimum(values[at], lowest)
        losses.append(values)
    return Found(best, rows[-1], np.concatenate(losses))


def descend_all(crowd: Crowd, starts, rates, count) -> list[Found]:
    """Adam from K starts at M rates side by side: one Found for each rate.

    starts (K, P); rates (M,). `count` losses with their gradients, a step between two.
    Raises ValueError or TypeError for no Crowd, starts that are not (K, P), rates that are not
    (M,) or not above 0, a count below 1.
    """
    check_crowd(crowd)
    validate.count("count", count)
    rates = validate.real("rates", rates, ndim=1)
    if not len(rates):
        raise ValueError("rates: expected at least one, got none")
    for rate in rates:
        validate.positive("rates", rate)
    starts = validate.real("starts", starts, ndim=2).astype(float)
    validate.finite("starts", starts)
    K = len(starts)
    here = np.tile(starts, (len(rates), 1))
    each_rate = np.repeat(rates, K)[:, None]
    optimiser = Adam(1.0)  # a rate only scales Adam's step
    moments = optimiser.start(here)
    best, lowest, losses = here, np.full(len(here), np.inf), []
    for n in range(count):
        values, grads = crowd.gradients(here)
        better = values < lowest
        best, lowest = np.where(better[:, None], here, best), np.minimum(values, lowest)
        losses.append(values)
        if n < count - 1:
            there, moments = optimiser.step(here, grads, moments)
            here = here + each_rate * (there - here)
    losses = np.array(losses)
    return [
        Found(best[own], here[own], losses[:, own])
        for own in (slice(m * K, (m + 1) * K) for m in range(len(rates)))
    ]


def check_crowd(crowd):
    """TypeError for what is no Crowd."""
    if not isinstance(crowd, Crowd):
        raise TypeError(f"crowd: expected a Crowd, got {validate.describe(crowd)}")
