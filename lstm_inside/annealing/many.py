"""Many small networks in one pass: what makes a comparison over many starts affordable.

Every network is a row of P weights, so K of them are an array (K, P), as `anneal_many` wants
them. The results are those of `lstm_core` (a test holds them to it) at a fraction of its time:
NumPy is called once a step for all networks instead of once for each. Inside, unit h of every
network on every sequence is one long row, (H, n) with n = K B, and a step reads z = (x, h, 1), so
that the weights of a step are one array (D + H + 1, H or 4 H, n) in the order of W_x, W_h and b.
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
    number of sequences B, padded at their ends to one length. parts: cut each of them into so many
    batches of B / parts sequences. two_class: whether the answer y is
    squashed to sigmoid(y) before its squared error. dtype: float64 or float32; what comes out
    is float64.
    Raises ValueError or TypeError for what is no Model, no batch, batches that do not fit, parts
    that B is no multiple of, an unknown dtype.
    """

    def __init__(self, form: Model, batches, *, parts=1, two_class=False, dtype=np.float64):
        check_model(form)
        validate.count("parts", parts)
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
        if B % parts:
            raise ValueError(f"parts: expected to divide {B} sequences, got {parts}")
        xs = np.zeros((T, len(batches), B, D), self.dtype)
        for g, batch in enumerate(batches):
            xs[: len(batch.xs), g] = batch.xs
        self.xs = xs.reshape(T, -1, B // parts, D)
        targets = np.array([batch.targets for batch in batches], self.dtype)
        self.targets = targets.reshape(-1, B // parts, answers)
        self.last = np.array([batch.last for batch in batches]).reshape(-1, B // parts)
        ends = self.last.ravel() == np.arange(T)[:, None]
        self._ends_here = [here if here.any() else None for here in ends]  # (G B,) at some steps
        self._ends = np.cumsum([a.size for a in arrays_of(form)])
        self._kept_room = np.zeros((0, 0, 0), self.dtype)

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
        said = self._forward(self._columns(rows))[0]
        B = self.last.shape[1]
        return np.ascontiguousarray(np.moveaxis(said.reshape(len(said), -1, B), 0, -1))

    def shares_right(self, rows) -> np.ndarray:
        """The share of sequences whose answer lies on the right side of 1/2: (K, P) -> (K,).

        Raises ValueError for a crowd whose answers are not squashed, and as `answers` does.
        """
        if not self.two_class:
            raise ValueError("shares_right: expected a crowd with two_class=True, got one without")
        said = self.answers(rows)
        wanted = np.tile(self.targets, (len(said) // len(self.targets), 1, 1))
        return ((said > 0.5) == (wanted > 0.5)).mean(axis=(1, 2))

    def losses(self, rows) -> np.ndarray:
        """The mean squared error of each network on its batch, (K, P) -> (K,).

        Raises as `answers` does.
        """
        return self._losses(self._off(self._forward(self._columns(rows))[0]))

    def gradients(self, rows) -> tuple[np.ndarray, np.ndarray]:
        """The losses (K,) and their gradients with respect to the weights (K, P).

        Raises as `answers` does.
        """
        columns = self._columns(rows)
        said, end, zs, *steps = self._forward(columns, keep=True)
        off = self._off(said)
        dy = off * (2 / (len(off) * self.last.shape[1]))
        if self.two_class:
            dy *= said * (1 - said)
        W, W_y = self._spread(columns)
        H = len(W_y) - 1
        back = self._lstm_back if self._is_lstm else self._rnn_back
        das = back(_into(dy, W_y[:H]), W[-H - 1 : -1], zs, *steps)
        grads = self._per_network(zs[:-1], das), self._per_network(end[None], dy[None])
        return self._losses(off), np.hstack(grads).astype(float)

    @property
    def _is_lstm(self):
        return is_lstm(self.form.cell)

    def _checked(self, name, rows):
        rows = validate.real(name, rows, ndim=2)
        if rows.shape[1] != self.size:
            raise ValueError(f"{name}: expected {self.size} weights, got {rows.shape[1]}")
        validate.finite(name, rows)
        return rows.astype(float)

    def _columns(self, rows):
        """The weights of the networks as columns, (P, K)."""
        rows = self._checked("rows", rows)
        G = len(self.targets)
        if not len(rows) or len(rows) % G:
            raise ValueError(f"rows: expected a multiple of {G} networks, got {len(rows)}")
        return rows.T.astype(self.dtype)

    def _spread(self, columns):
        """Weights (P, K) beside every sequence: (D + H + 1, H or 4 H, n), (H + 1, answers, n)."""
        W_x, W_h, _, W_y, _ = arrays_of(self.form)
        wide = np.repeat(columns, self.last.shape[1], axis=1)
        step, read = np.split(wide, [self._ends[2]])
        D, (H, J) = len(W_x), W_h.shape
        return step.reshape(D + H + 1, J, -1), read.reshape(H + 1, W_y.shape[1], -1)

    def _room(self, n):
        """Every step's z = (x, h, 1), (T + 1, D + H + 1, n), the h to be filled in; used again."""
        T, G, B, D = self.xs.shape
        if self._kept_room.shape[2] != n:
            self._kept_room = np.ones((T + 1, D + len(self.form.cell.W_h) + 1, n), self.dtype)
            each = self._kept_room[:-1, :D].reshape(T, D, -1, G * B)
            each[:] = np.moveaxis(self.xs, -1, 1).reshape(T, D, 1, G * B)
        return self._kept_room

    def _forward(self, columns, keep=False):
        """The answers (answers, n), (h, 1) at the end (H + 1, n), all z, the LSTM's trace."""
        W, W_y = self._spread(columns)
        D, H = self.xs.shape[-1], len(W_y) - 1
        zs = self._room(W.shape[-1])
        hs = zs[:, D:-1]
        hs[0] = 0
        end = np.ones_like(zs[0, D:])
        with np.errstate(over="ignore"):
            steps = (self._lstm if self._is_lstm else self._rnn)(zs, hs, W, keep)
            for h, here in zip(hs[1:], self._ends_here, strict=True):
                if here is not None:
                    np.copyto(self._by_batch(end[:H]), self._by_batch(h), where=here)
            y = _through(end, W_y)
            return (1 / (1 + np.exp(-y)) if self.two_class else y), end, zs, *steps

    def _rnn(self, zs, hs, W, keep):
        turned = -2 * W
        for z, h in zip(zs, hs[1:], strict=False):
            _sigmoid_of_minus(_through(z, turned, h))
            h *= 2
            h -= 1  # tanh(a) = 2 sigmoid(2 a) - 1, which takes less time than numpy.tanh
        return ()

    def _rnn_back(self, dend, W_h, zs):
        D = self.xs.shape[-1]
        das = 1 - zs[1:, D:-1] ** 2  # (T, H, n), the slopes of tanh
        dh = np.zeros_like(dend)
        for da, here in zip(das[::-1], self._ends_here[::-1], strict=True):
            self._arrive(dh, dend, here)
            da *= dh
            dh = _into(da, W_h)
        return das

    def _lstm(self, zs, hs, W, keep):
        """Fills the hs in; every step's gates (T, 4, H, n), c before and tanh(c), if to be kept."""
        H, n = hs.shape[1:]
        kept = len(self.xs) if keep else 1  # steps; the others are written over
        gates, squashed = np.empty((kept, 4, H, n), self.dtype), np.empty((kept, H, n), self.dtype)
        cs = np.zeros((kept + 1, H, n), self.dtype)
        turned = W * np.repeat(np.array([-1, -1, -2, -1], self.dtype), H)[:, None]
        for t, (z, h) in enumerate(zip(zs, hs[1:], strict=False)):
            i, f, g, o = here = gates[t % kept]
            _sigmoid_of_minus(_through(z, turned, here.reshape(4 * H, n)))
            g *= 2
            g -= 1
            c = np.multiply(f, cs[t % (kept + 1)], out=cs[(t + 1) % (kept + 1)])
            c += i * g
            np.multiply(o, np.tanh(c, out=squashed[t % kept]), out=h)
        return gates, cs[:-1], squashed

    def _lstm_back(self, dend, W_h, zs, gates, before, squashed):
        i, f, g, o = np.moveaxis(gates, 1, 0)  # each (T, H, n)
        into_c = o * (1 - squashed**2)
        das = gates * (1 - gates)  # first what a gate's a changes, at its dc or dh of 1
        das[:, 0] *= g
        das[:, 1] *= before
        das[:, 2] = i * (1 - g**2)
        das[:, 3] *= squashed
        dh, dc = np.zeros_like(dend), np.zeros_like(dend)
        for t in reversed(range(len(das))):
            self._arrive(dh, dend, self._ends_here[t])
            dc += dh * into_c[t]
            das[t, :3] *= dc
            das[t, 3] *= dh
            dh = _into(das[t].reshape(-1, dh.shape[-1]), W_h)
            dc *= f[t]
        return das.reshape(len(das), -1, dh.shape[-1])

    def _arrive(self, dh, dend, here):
        """Add the gradient of the answer where a sequence ends at this step."""
        if here is not None:
            dh = self._by_batch(dh)
            dh += here * self._by_batch(dend)

    def _by_batch(self, rows):
        """(..., n) as (..., M, G B): what every batch asks of its networks."""
        return rows.reshape(*rows.shape[:-1], -1, self.last.size)

    def _off(self, said):
        targets = np.moveaxis(self.targets, -1, 0).reshape(len(said), 1, -1)
        return (self._by_batch(said) - targets).reshape(said.shape)

    def _losses(self, off):
        return (off.reshape(len(off), -1, self.last.shape[1]) ** 2).mean(axis=(0, 2)).astype(float)

    def _per_network(self, zs, das):
        """Gradients of weights over all steps, from zs (T, Z, n) and das (T, J, n): (K, Z J)."""
        before, after = (
            np.moveaxis(a.reshape(*a.shape[:2], -1, self.last.shape[1]), (2, 1), (0, 1))
            for a in (zs, das)
        )  # (K, Z or J, T, B)
        flat = [a.reshape(*a.shape[:2], -1) for a in (before, after)]
        return (flat[0] @ np.swapaxes(flat[1], -1, -2)).reshape(before.shape[0], -1)


def _sigmoid_of_minus(a):
    """1 / (1 + exp(a)), written over a: large arrays are mostly memory traffic."""
    np.exp(a, out=a)
    a += 1
    return np.reciprocal(a, out=a)


def _through(z, W, out=None):
    """z @ W of every network on every sequence: (Z, n) and (Z, J, n) to (J, n)."""
    return np.einsum("zn,zjn->jn", z, W, out=out)


def _into(da, W):
    """da @ W.T likewise: (J, n) and (Z, J, n) to (Z, n)."""
    return np.einsum("jn,zjn->zn", da, W)


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
    number, one for each schedule (M,), or one for each look of each (M, N).
    Raises ValueError or TypeError for no Crowd, schedules that are not (M, N), steps that are
    not one, M or (M, N), and as `anneal_many` does.
    """
    check_crowd(crowd)
    schedules = validate.real("schedules", schedules, ndim=2)
    starts = validate.real("starts", starts, ndim=2)
    K = len(starts)
    if not len(schedules):
        raise ValueError("schedules: expected at least one, got none")
    step = validate.real("step", step)
    if step.shape not in ((), (len(schedules),), schedules.shape):
        raise ValueError(
            f"step: expected one number, ({len(schedules)},) or {schedules.shape}, "
            f"got shape {step.shape}"
        )
    each = np.broadcast_to(step if step.ndim == 2 else step.reshape(-1, 1), schedules.shape)
    steps = np.repeat(each.T, K, axis=1)[..., None]
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


def guess_all(crowd: Crowd, width, count, *, around=0.0, rng) -> Found:
    """`count` guesses for each batch of a crowd, every weight uniform within width of `around`.

    around: a number for all weights, or one for each (P,). What is found has one row a batch;
    `last` is the last guess.
    Raises ValueError or TypeError for no Crowd, a width not above 0, a count below 1, no
    Generator, an `around` that is neither a number nor (P,).
    """
    check_crowd(crowd)
    around = validate.real("around", around)
    validate.finite("around", around)
    if around.shape not in ((), (crowd.size,)):
        raise ValueError(f"around: expected a number or ({crowd.size},), got {around.shape}")
    validate.positive("width", width)
    validate.count("count", count)
    validate.generator(rng)
    G = len(crowd.targets)
    best, lowest, losses = None, np.full(G, np.inf), []
    for first in range(0, count, _AT_ONCE):
        rows = around + rng.uniform(-width, width, (min(_AT_ONCE, count - first), G, crowd.size))
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


def learn_fresh(crowd: Crowd, starts, problem, *, rate, count, rng) -> np.ndarray:
    """Adam from K starts on new sequences at every step, as many as the crowd's batches: (K, P).

    The recipe of notebook 05 for all starts at once: gradients longer than 1 are clipped.
    starts (K, P). problem: (number of sequences, rng=) -> Sequences; every start gets its own.
    Raises ValueError or TypeError for no Crowd, starts that are not (K, P), no function, a rate
    not above 0, a count below 1, no Generator.
    """
    check_crowd(crowd)
    here = validate.real("starts", starts, ndim=2).astype(float)
    validate.finite("starts", here)
    if not len(here):
        raise ValueError(f"starts: expected at least one row of weights, got shape {here.shape}")
    validate.function("problem", problem)
    validate.positive("rate", rate)
    validate.count("count", count)
    validate.generator(rng)
    K, optimiser = len(here), Adam(rate)
    moments = optimiser.start(here)
    for _ in range(count):
        batch = problem(K * crowd.targets.shape[1], rng=rng)
        asked = Crowd(crowd.form, [batch], parts=K, two_class=crowd.two_class, dtype=crowd.dtype)
        _, grads = asked.gradients(here)
        length = np.linalg.norm(grads, axis=1, keepdims=True)
        here, moments = optimiser.step(here, grads / np.maximum(length, 1), moments)
    return here


def check_crowd(crowd):
    """TypeError for what is no Crowd."""
    if not isinstance(crowd, Crowd):
        raise TypeError(f"crowd: expected a Crowd, got {validate.describe(crowd)}")
