"""Learning: read-out, losses, optimisers, clipping, and a training that can stop and go on.

Everything but `Training` is a pure function or a settings tuple: arrays in, new arrays out.
Numbers in brackets, such as (5.1), are the equations of notebook 05_training.

Axes: T time steps, B batch, D input size, H hidden size, K outputs; arrays are time-major.
A model is a NamedTuple of NamedTuples of arrays; gradients and moments have the same form.
"""

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lstm_core import (
    LSTMParams,
    LSTMTrace,
    RNNParams,
    RNNTrace,
    _as_array,
    _as_real,
    _check_count,
    _check_finite,
    _check_init,
    _describe,
    lstm_backward,
    lstm_forward,
    rnn_backward,
    rnn_forward,
)
from lstm_foundations import _check_function

# ---------------------------------------------------------------- read-out


class ReadoutParams(NamedTuple):
    """Weights of a linear read-out: W_y (H, K), b_y (K,)."""

    W_y: np.ndarray
    b_y: np.ndarray


class Model(NamedTuple):
    """A recurrent cell (RNNParams or LSTMParams) and the read-out that answers from its h."""

    cell: RNNParams | LSTMParams
    readout: ReadoutParams


def init_readout(H, K, *, rng, dtype=np.float64) -> ReadoutParams:
    """Draw fresh read-out weights within 1/sqrt(H), bias 0.

    Raises ValueError or TypeError for sizes below 1, an unknown dtype, no Generator.
    """
    _check_count("K", K)
    dtype = _check_init(1, H, rng, "uniform", dtype)
    W_y = rng.uniform(-1, 1, (H, K)) / np.sqrt(H)
    return ReadoutParams(W_y.astype(dtype), np.zeros(K, dtype))


def readout(h, params):
    """y = h W_y + b_y (5.1): h (..., H) -> y (..., K).

    Raises ValueError or TypeError for shapes that do not fit, NaN, infinity, no real numbers.
    """
    h, (W_y, b_y) = _check_readout(h, params)
    return h @ W_y + b_y


def readout_backward(dy, h, params):
    """From dy (..., K) to dh (..., H) and the parameters' gradients (5.2).

    Raises as `readout` does, and for a dy that is no gradient of its y.
    """
    h, (W_y, _) = _check_readout(h, params)
    dy = _as_array("dy", dy, (*h.shape[:-1], W_y.shape[1]), "(..., K)", W_y.dtype)
    rows_h, rows_dy = h.reshape(-1, h.shape[-1]), dy.reshape(-1, dy.shape[-1])
    return dy @ W_y.T, ReadoutParams(rows_h.T @ rows_dy, rows_dy.sum(axis=0))


def _check_readout(h, params):
    """h (..., H) in the dtype of a read-out (H, K), (K,) whose parts fit together."""
    if not isinstance(params, tuple) or len(params) != 2:
        raise TypeError(f"params: expected ReadoutParams(W_y, b_y), got {_describe(params)}")
    W_y, b_y = _as_real("W_y", params[0], ndim=2), _as_real("b_y", params[1])
    for name, p in (("W_y", W_y), ("b_y", b_y)):
        if p.dtype.kind != "f":
            raise TypeError(f"{name}: expected floating-point numbers, got {p.dtype}")
    if not W_y.size:
        raise ValueError(f"W_y: expected (H, K), each at least 1, got shape {W_y.shape}")
    b_y = _as_array("b_y", b_y, W_y.shape[1:], "(K,)", W_y.dtype)
    _check_finite("W_y", W_y)
    h = _as_real("h", h)
    if h.ndim < 1:
        raise ValueError("h: expected at least one axis, (..., H), got a single number")
    shape = (*h.shape[:-1], len(W_y))
    return _as_array("h", h, shape, "(..., H)", W_y.dtype), (W_y, b_y)


# ---------------------------------------------------------------- losses


def mean_squared_error(y, target):
    """The mean of (y - target)^2 and its gradient by y (5.3); both of one shape.

    Raises ValueError or TypeError for shapes that differ, no number at all, NaN or infinity.
    """
    y, target = _as_real("y", y), _as_real("target", target)
    if y.shape != target.shape or not y.size:
        raise ValueError(f"target: expected the shape of y, {y.shape}, got {target.shape}")
    _check_finite("y", y)
    _check_finite("target", target)
    off = np.subtract(y, target, dtype=np.result_type(y, target, np.float32))
    return float((off**2).mean()), 2 * off / off.size


def softmax(z):
    """exp(z) / sum of exp(z) along the last axis (5.4); finite for any finite z.

    Raises ValueError or TypeError for no axis, no classes, NaN or infinity, no real numbers.
    """
    z = _check_scores(z)
    e = np.exp(z - z.max(axis=-1, keepdims=True))  # the same shares, and no overflow
    return e / e.sum(axis=-1, keepdims=True)


def softmax_cross_entropy(z, labels):
    """The mean of -log softmax(z)[label], and its gradient by z (5.5).

    z (..., K): one score a class. labels (...): the right class, whole numbers 0 to K - 1.
    Raises ValueError or TypeError for labels of another shape or outside that range, and as
    `softmax` does.
    """
    z, labels = _check_scores(z), _as_real("labels", labels)
    if labels.shape != z.shape[:-1] or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels: expected whole numbers of shape {z.shape[:-1]}, "
            f"got shape {labels.shape}, {labels.dtype}"
        )
    if not labels.size:
        raise ValueError("labels: expected at least one, got none")
    if not 0 <= labels.min() <= labels.max() < z.shape[-1]:
        raise ValueError(f"labels: expected 0 to {z.shape[-1] - 1}, got {np.unique(labels)}")
    right = labels[..., None]
    shifted = z - z.max(axis=-1, keepdims=True)
    log_share = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    dz = np.exp(log_share)
    np.put_along_axis(dz, right, np.take_along_axis(dz, right, -1) - 1, -1)  # p - 1 at the label
    loss = -np.take_along_axis(log_share, right, -1).mean()
    return float(loss), dz / labels.size


def _check_scores(z):
    z = _as_real("z", z)
    if z.ndim < 1 or z.shape[-1] < 1:
        raise ValueError(f"z: expected scores (..., K) with K >= 1, got shape {z.shape}")
    _check_finite("z", z)
    return z.astype(np.result_type(z, np.float32), copy=False)


# ---------------------------------------------------------------- a model's loss


def run_cell(xs, cell):
    """The trace of an RNN or an LSTM over xs (T, B, D), by the kind of its parameters.

    Raises as `rnn_forward` and `lstm_forward` do, and TypeError for another kind of cell.
    """
    _check_cell(cell)
    return (lstm_forward if isinstance(cell, LSTMParams) else rnn_forward)(xs, cell)


def cell_backward(dhs, trace, cell):
    """The gradients that belong to `run_cell`: RNNGrads or LSTMGrads. Raises like that."""
    _check_cell(cell)
    return (lstm_backward if isinstance(cell, LSTMParams) else rnn_backward)(dhs, trace, cell)


def answers(model, batch, trace=None):
    """What the model says at the end of each sequence of a `Sequences` batch: (B, K).

    trace: the cell's run over the batch if it is at hand. Raises as `run_cell` and `readout`
    do, and ValueError or TypeError for what is no model, no batch or no run over it, and for a
    `last` that is no step of the batch.
    """
    _check_model(model)
    T, B = _check_last(batch)
    if trace is None:
        trace = run_cell(batch.xs, model.cell)
    elif not isinstance(trace, RNNTrace | LSTMTrace):
        raise TypeError(f"trace: expected RNNTrace or LSTMTrace, got {_describe(trace)}")
    elif trace.h.shape != (T + 1, B, len(model.cell.W_h)):
        raise ValueError(
            f"trace: expected h of {(T + 1, B, len(model.cell.W_h))}, as model and batch, "
            f"got {trace.h.shape}"
        )
    return readout(trace.h[batch.last + 1, np.arange(len(batch.last))], model.readout)


def flow(model, batch):
    """One forward and backward pass: (loss, trace, gradients with the flow, read-out's).

    Raises as `answers` does, and for targets that are not shaped like the answers.
    """
    _check_model(model)
    _check_last(batch)
    trace = run_cell(batch.xs, model.cell)
    due = batch.last + 1, np.arange(len(batch.last))
    h = trace.h[due]  # (B, H): each sequence's own last step
    loss, dy = mean_squared_error(readout(h, model.readout), _as_real("targets", batch.targets))
    dh, dreadout = readout_backward(dy, h, model.readout)
    dhs = np.zeros_like(trace.h[1:])
    dhs[batch.last, due[1]] = dh
    return loss, trace, cell_backward(dhs, trace, model.cell), dreadout


def _check_cell(cell):
    if not isinstance(cell, RNNParams | LSTMParams):
        raise TypeError(f"cell: expected RNNParams or LSTMParams, got {_describe(cell)}")


def _check_model(model):
    if not isinstance(model, Model):
        raise TypeError(f"model: expected Model(cell, readout), got {_describe(model)}")
    _check_cell(model.cell)


def _check_last(batch):
    """T and B of a batch of sequences whose `last` are steps of them."""
    if not all(hasattr(batch, name) for name in ("xs", "targets", "last")):
        raise TypeError(f"batch: expected Sequences(xs, targets, last), got {_describe(batch)}")
    T, B = _as_real("xs", batch.xs, ndim=3).shape[:2]
    last = _as_real("last", batch.last)
    if last.shape != (B,) or last.dtype.kind not in "iu" or not ((last >= 0) & (last < T)).all():
        raise ValueError(f"last: expected {B} whole numbers from 0 to {T - 1}, got {last}")
    return T, B


def loss_at_end(model, batch):
    """Mean squared error of the answers at the end of a `Sequences` batch: loss, gradients.

    Raises as `flow` does.
    """
    loss, _, grads, dreadout = flow(model, batch)
    return loss, Model(grads.params, dreadout)


def loss_every_step(model, batch):
    """Softmax cross-entropy at every step: loss, gradients.

    batch: (xs (T, B, D), labels (T, B)), the right class of every step.
    Raises as `run_cell` and `softmax_cross_entropy` do, and TypeError for no model or no pair.
    """
    _check_model(model)
    xs, labels = _check_pair(batch)
    trace = run_cell(xs, model.cell)
    loss, dz = softmax_cross_entropy(readout(trace.h[1:], model.readout), labels)
    dhs, dreadout = readout_backward(dz, trace.h[1:], model.readout)
    return loss, Model(cell_backward(dhs, trace, model.cell).params, dreadout)


def _check_pair(batch):
    if not isinstance(batch, tuple) or len(batch) != 2:
        raise TypeError(f"batch: expected (xs, labels), got {_describe(batch)}")
    return batch


# ---------------------------------------------------------------- optimisers


def each_array(function, *trees):
    """`function` on the arrays of trees of one form, place by place: a tree of its results.

    Raises ValueError or TypeError for no function, no tree, or trees of several forms.
    """
    _check_function("function", function)
    if not trees:
        raise TypeError("trees: expected at least one, got none")
    if not any(isinstance(tree, tuple) for tree in trees):
        return function(*trees)
    first = trees[0]
    if any(not isinstance(tree, tuple) or len(tree) != len(first) for tree in trees):
        raise ValueError(f"trees: expected one form, got {', '.join(map(_describe, trees))}")
    parts = [each_array(function, *part) for part in zip(*trees, strict=True)]
    return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)


def arrays_of(tree) -> list[np.ndarray]:
    """The arrays of a tree, from left to right."""
    return [a for part in tree for a in arrays_of(part)] if isinstance(tree, tuple) else [tree]


@dataclass(frozen=True)
class SGD:
    """Gradient descent on mini-batches (5.7; Robbins & Monro 1951).

    Raises ValueError or TypeError for a rate that is not a finite number above 0. `start` and
    `step` raise them for what are no finite floats, and for gradients of other parameters.
    """

    rate: float = 0.1

    def __post_init__(self):
        _check_positive("rate", self.rate)

    def start(self, params):
        """The moments before the first step: none."""
        _check_floats(params=params)
        return ()

    def step(self, params, grads, moments):
        """New parameters and moments."""
        _check_same_shapes(params, grads)
        return each_array(lambda p, g: p - self.rate * g, params, grads), moments


@dataclass(frozen=True)
class Momentum:
    """Gradient descent that keeps a share of its speed (5.8; Polyak 1964).

    Raises as `SGD` does, and for a share outside 0 <= keep < 1 or moments of other parameters.
    """

    rate: float = 0.1
    keep: float = 0.9

    def __post_init__(self):
        _check_positive("rate", self.rate)
        _check_share("keep", self.keep)

    def start(self, params):
        """The moments before the first step: the speed, 0."""
        _check_floats(params=params)
        return each_array(np.zeros_like, params)

    def step(self, params, grads, moments):
        """New parameters and moments."""
        _check_same_shapes(params, grads)
        _check_same_shapes(params, moments, "moments")
        speed = each_array(lambda v, g: self.keep * v + g, moments, grads)
        return each_array(lambda p, v: p - self.rate * v, params, speed), speed


class AdamMoments(NamedTuple):
    """Running means of the gradient and of its square, and the steps taken so far."""

    mean: Any
    square: Any
    t: np.ndarray


@dataclass(frozen=True)
class Adam:
    """Steps by the gradient's running mean over its running size (5.9; Kingma & Ba 2015).

    Raises as `Momentum` does, and for a `tiny` not above 0.
    """

    rate: float = 1e-3
    keep: float = 0.9  # beta_1 of the paper
    keep_square: float = 0.999  # beta_2
    tiny: float = 1e-8  # epsilon

    def __post_init__(self):
        _check_positive("rate", self.rate)
        _check_share("keep", self.keep)
        _check_share("keep_square", self.keep_square)
        _check_positive("tiny", self.tiny)

    def start(self, params):
        """The moments before the first step: zeros."""
        _check_floats(params=params)
        return AdamMoments(
            each_array(np.zeros_like, params), each_array(np.zeros_like, params), np.array(0)
        )

    def step(self, params, grads, moments):
        """New parameters and moments."""
        _check_same_shapes(params, grads)
        _check_adam(moments)
        _check_same_shapes(params, moments.mean, "moments")
        _check_same_shapes(params, moments.square, "moments")
        b1, b2, t = self.keep, self.keep_square, int(moments.t) + 1
        mean = each_array(lambda m, g: b1 * m + (1 - b1) * g, moments.mean, grads)
        square = each_array(lambda s, g: b2 * s + (1 - b2) * g**2, moments.square, grads)
        rate = self.rate / (1 - b1**t)  # both means start at 0: undo that
        size = 1 / (1 - b2**t)
        params = each_array(
            lambda p, m, s: p - rate * m / (np.sqrt(s * size) + self.tiny), params, mean, square
        )
        return params, AdamMoments(mean, square, np.array(t))


def norm(tree) -> float:
    """The length of all the arrays of a tree taken as one vector; infinite if it overflows.

    Raises TypeError for what are no real numbers.
    """
    return _length("tree", tree)


def _length(name, tree):
    arrays = [_as_real(name, a) for a in arrays_of(tree)]
    with np.errstate(over="ignore"):
        return float(np.sqrt(sum(float((a * a).sum()) for a in arrays)))


def clip_by_norm(grads, limit):
    """Gradients shortened to length `limit` if they are longer (5.10), and their length before.

    The direction stays. Pascanu, Mikolov & Bengio 2013.
    Raises ValueError or TypeError for a limit that is not a finite number above 0, and for
    gradients with NaN or infinity.
    """
    _check_positive("limit", limit)
    length = _length("grads", grads)
    if not np.isfinite(length):
        raise ValueError(f"grads: expected finite numbers, got a length of {length}")
    if length <= limit:
        return grads, length
    return each_array(lambda g: g * (limit / length), grads), length


def _check_positive(name, x):
    if not 0 < _as_real(name, x, ndim=0) < np.inf:  # NaN is not, either
        raise ValueError(f"{name}: expected a number above 0 and finite, got {x}")


def _check_share(name, x):
    if not 0 <= _as_real(name, x, ndim=0) < 1:
        raise ValueError(f"{name}: expected a share, 0 <= {name} < 1, got {x}")


def _check_optimiser(optimiser):
    if not (hasattr(optimiser, "start") and hasattr(optimiser, "step")):
        raise TypeError(f"optimiser: expected SGD, Momentum or Adam, got {_describe(optimiser)}")


def _check_adam(moments):
    if not isinstance(moments, AdamMoments):
        raise TypeError(f"moments: expected AdamMoments, got {_describe(moments)}")


def _check_floats(**trees):
    """Trees of finite floating-point arrays."""
    for name, array in _named(**trees).items():
        if _as_real(name, array).dtype.kind != "f":
            raise TypeError(f"{name}: expected floating-point numbers, got {array.dtype}")
        _check_finite(name, array)


def _check_same_shapes(params, tree, called="grads"):
    """Floating-point parameters, and a tree of real numbers in their form."""
    wanted, got = _named(params=params), _named(params=tree)
    if wanted.keys() != got.keys():
        raise ValueError(f"{called}: expected the form of params, {list(wanted)}, got {list(got)}")
    if called == "grads":
        _check_floats(params=params)
    for name, p in wanted.items():
        a = _as_real(f"{called}, at {name}", got[name])
        if p.shape != a.shape:
            raise ValueError(f"{called}: expected {p.shape} for {name}, got {a.shape}")
        if called == "grads":
            _check_finite(f"{called}, at {name}", a)


# ---------------------------------------------------------------- training


class State(NamedTuple):
    """All that a training goes on from. A step makes a new one and changes none."""

    params: Any
    moments: Any
    step: int
    random: dict  # the state of the generator that draws the batches


class Training:
    """A training that can stop after any step, be saved, and go on to the very same numbers.

    loss: (params, batch) -> (loss, gradients). batches: rng -> batch. params: a tree of arrays.
    optimiser: SGD, Momentum or Adam. clip: the longest gradient let through, None for any.
    rng: the Generator (PCG64, as numpy.random.default_rng makes it) whose state the batches
    are drawn from; it is left as it was. Raises ValueError or TypeError for parameters that
    are not finite floats, no functions, no optimiser, a clip that is not above 0, another kind
    of generator.

    `.state` is replaced whole at the end of a step, so an interrupt anywhere loses no more
    than the step under way. `.losses` and `.norms` (the gradient's length before clipping)
    hold a number a step.
    """

    def __init__(self, params, loss: Callable, batches: Callable, optimiser, *, rng, clip=None):
        if not isinstance(getattr(rng, "bit_generator", None), np.random.PCG64):
            raise TypeError(
                "rng: expected a Generator such as numpy.random.default_rng() makes, "
                f"got {_describe(rng)}"
            )
        if clip is not None:
            _check_positive("clip", clip)
        _check_floats(params=params)
        _check_function("loss", loss)
        _check_function("batches", batches)
        _check_optimiser(optimiser)
        self.loss, self.batches, self.optimiser, self.clip = loss, batches, optimiser, clip
        self.state = State(params, optimiser.start(params), 0, rng.bit_generator.state)
        self.stopping = False
        self._losses, self._norms = [], []

    @property
    def params(self):
        """The parameters as they are now."""
        return self.state.params

    @property
    def step(self) -> int:
        """How many steps were taken."""
        return self.state.step

    @property
    def losses(self) -> np.ndarray:
        """Each step's loss on its own batch, before the update: (step,)."""
        return np.array(self._losses[: self.step])

    @property
    def norms(self) -> np.ndarray:
        """Each step's gradient length before clipping: (step,)."""
        return np.array(self._norms[: self.step])

    def stop(self):
        """Ask a running loop to end after the step under way."""
        self.stopping = True

    def steps(self, count) -> Iterator[float]:
        """Take `count` steps, or fewer after `stop()`; yields each step's loss.

        Raises ArithmeticError when the loss, the gradient or a new parameter is no longer
        finite; the state is then that before the step. Raises ValueError or TypeError for a
        count below 1.
        """
        _check_count("count", count)
        return self._steps(count)

    def _steps(self, count):
        self.stopping = False
        for _ in range(count):
            if self.stopping:
                return
            yield self._take_step()

    def _take_step(self):
        params, moments, step, random = self.state
        rng = _generator(random)
        loss, grads = self.loss(params, self.batches(rng))
        length = norm(grads)
        if not (np.isfinite(loss) and np.isfinite(length)):
            raise _diverged(step, f"the loss is {loss}, the gradient's length {length}")
        if self.clip is not None:
            grads, _ = clip_by_norm(grads, self.clip)
        params, moments = self.optimiser.step(params, grads, moments)
        if not all(np.isfinite(array).all() for array in arrays_of(params)):
            raise _diverged(step, "a parameter would no longer be finite")
        self._losses[step:] = [loss]  # what an interrupted step left behind is overwritten
        self._norms[step:] = [length]
        self.state = State(params, moments, step + 1, rng.bit_generator.state)
        return loss

    # ------------------------------------------------------------ saving

    def save(self, path) -> Path:
        """Write the state to `path`, whole or not at all: an old file stays until then.

        Raises TypeError for what is no path, OSError where it cannot be written.
        """
        path = _as_path(path)
        params, moments, step, random = self.state
        about = {"format": _FORMAT, "optimiser": type(self.optimiser).__name__, "step": step,
                 "random": random}  # fmt: skip
        arrays = _named(params=params, moments=moments)
        arrays |= {"losses": self.losses, "norms": self.norms, "about": np.array(json.dumps(about))}
        handle, partial = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".partial")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, **arrays)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise
        return path

    def load(self, path):
        """Go on from a saved state of a training made like this one.

        Raises FileNotFoundError for no file, ValueError for one that is damaged or belongs to
        other shapes, another dtype or another optimiser, TypeError for what is no path; this
        training is then as before.
        Loss, batches, clip and the optimiser's settings are not in the file: they are yours.
        """
        arrays, about = _read(_as_path(path))
        wanted = type(self.optimiser).__name__
        if about["optimiser"] != wanted:
            raise ValueError(f"{path}: expected a training with {wanted}, got {about['optimiser']}")
        mine = _named(params=self.params, moments=self.state.moments)
        _check_same_form(path, mine, arrays)
        step, losses, norms = about["step"], arrays["losses"], arrays["norms"]
        if losses.shape != (step,) or norms.shape != (step,):
            raise ValueError(f"{path}: expected {step} losses and norms, got {losses.shape}")
        found = iter(arrays[name] for name in mine)  # in the order in which they were named
        params = each_array(lambda _: next(found), self.params)
        moments = each_array(lambda _: next(found), self.state.moments)
        self._losses, self._norms = losses.tolist(), norms.tolist()
        self.state = State(params, moments, step, about["random"])


def _diverged(step, what):
    return ArithmeticError(
        f"step {step + 1}: {what}; what was learned until step {step} is kept. "
        "Try a smaller rate, or clip."
    )


_FORMAT = 1


def _as_path(path, name="path"):
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"{name}: expected a path, got {_describe(path)}")
    return Path(path)


def _read(path):
    """The arrays of a saved state, and what it says about itself."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(str(arrays.pop("about")))
        kept = about["format"], about["optimiser"], about["step"], about["random"]
        arrays["losses"], arrays["norms"], _generator(about["random"])
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except Exception as error:  # a damaged archive raises nearly anything
        raise ValueError(
            f"{path}: not a whole saved training ({type(error).__name__}: {error})"
        ) from None
    if kept[0] != _FORMAT:
        raise ValueError(f"{path}: expected format {_FORMAT}, got {kept[0]}")
    return arrays, about


def _check_same_form(path, mine, arrays):
    for name, array in mine.items():
        if name not in arrays:
            raise ValueError(f"{path}: {name} is missing")
        got = arrays[name]
        if (got.shape, got.dtype) != (array.shape, array.dtype):
            raise ValueError(
                f"{path}: expected {name} of shape {array.shape}, {array.dtype}, "
                f"got {got.shape}, {got.dtype}"
            )
    if more := set(arrays) - set(mine) - {"losses", "norms"}:
        raise ValueError(f"{path}: {min(more)} has no place in this training")


def _named(**trees) -> dict[str, np.ndarray]:
    """The arrays of trees under names such as "params.cell.W_x"."""
    named = {}
    for name, tree in trees.items():
        if isinstance(tree, tuple):
            fields = getattr(tree, "_fields", map(str, range(len(tree))))
            parts = _named(**dict(zip(fields, tree, strict=True)))
            named |= {f"{name}.{inner}": array for inner, array in parts.items()}
        else:
            named[name] = tree
    return named


def _generator(random):
    bits = np.random.PCG64()
    bits.state = random
    return np.random.Generator(bits)


class SideBySide:
    """Trainings that take their steps in turn, as one that `train` can run.

    They stay level; one that an interrupt left a step ahead waits for the others.
    Raises TypeError for none, or for what is no `Training`.
    """

    def __init__(self, *runs):
        if not runs:
            raise TypeError("runs: expected at least one Training, got none")
        for run in runs:
            if not isinstance(run, Training):
                raise TypeError(f"runs: expected Trainings, got {_describe(run)}")
        self.runs, self.stopping = runs, False

    @property
    def step(self) -> int:
        """How many steps all of them have taken."""
        return min(run.step for run in self.runs)

    def stop(self):
        """Ask a running loop to end after the step under way, of all of them."""
        self.stopping = True

    def steps(self, count) -> Iterator[int]:
        """Take `count` steps each, or fewer after `stop()`; yields how many were taken."""
        _check_count("count", count)
        return self._steps(count)

    def _steps(self, count):
        self.stopping = False
        for _ in range(count):
            if self.stopping:
                return
            level = self.step
            for run in self.runs:
                if run.step == level:
                    for _ in run.steps(1):
                        pass
            yield self.step


# ---------------------------------------------------------------- training that lets others live

_BREATH = 0.02  # seconds between two chances for sliders and buttons


async def train(training, count, *, show: Callable = lambda: None, share=0.07):
    """Take `count` steps as a coroutine; sliders, buttons and the kernel answer meanwhile.

    show: called now and then to redraw. How often is a matter of time: it may cost `share` of
    the time that the steps take, and no more. It is called once more at the end, however that
    comes about. Returns the steps taken: fewer than `count` after `training.stop()`.
    training: a `Training`, or several `SideBySide`.
    Raises ValueError or TypeError for what is no training or no function, a count below 1, a
    share not above 0, and what `steps` raises on the way.
    """
    if not (hasattr(training, "steps") and hasattr(training, "step")):
        raise TypeError(f"training: expected a Training or SideBySide, got {_describe(training)}")
    _check_count("count", count)
    _check_function("show", show)
    _check_positive("share", share)
    before, clock = training.step, time.perf_counter
    breathed = shown = clock()
    cost = 0.0
    try:
        for _ in training.steps(count):
            now = clock()
            if now - shown >= cost / share:
                show()
                shown = clock()
                cost = max(shown - now, _BREATH * share)
            if now - breathed >= _BREATH:
                await asyncio.sleep(0)
                breathed = clock()
    finally:
        show()
    return training.step - before
