"""Trainings that differ only in seed, rate or start take their steps in one pass (notebook 05)."""

import sys

import numpy as np

from lstm_inside import validate
from lstm_inside.words import Sentences

from .model import (
    Model,
    cell_backward,
    check_last,
    check_model,
    is_lstm,
    loss_at_end,
    readout,
    readout_backward,
    run_cell,
)
from .optimisers import SGD, Adam, CoolingAdam, Momentum
from .saving import generator
from .training import State, Training
from .trees import arrays_of, each_array

_NOT_FINITE = Sentences(
    {
        "here": "step {step} of this call: a loss, a gradient or a parameter is no longer finite; "
        "every training is kept as it was before. Try a smaller rate, or clip."
    }
)


# Optimisers that move each number by itself, so that they can take a stack of trainings at once.
_BY_NUMBER = {SGD, Momentum, Adam, CoolingAdam}

# Units that stand in one layer: the products grow with their square, and most of what they
# multiply is 0. In a browser NumPy multiplies matrices without a BLAS.
_UNITS = 16 if sys.platform == "emscripten" else 64


def abreast(runs, steps, *, below=None, width=20, change=None):
    """Take up to `steps` steps of each of several trainings, all of them at once.

    runs: `Training`s on `loss_at_end` that have taken equally many steps, of models of one form
    on batches of equally many sequences, whose lengths may differ; optimisers, clip, batches and
    generators are each one's own. Every
    training takes the steps that it takes alone, up to rounding, which a training may enlarge as
    it goes on: its units stand in one wide layer beside those of others, with no wire from one
    to another. The smaller the networks, the more time that saves; benchmarks/training.py
    says how much. An optimiser of your own is asked training by training, as it may look at all
    weights of one. below: a training ends as soon as the mean of its last `width` losses is below
    this. change: what is done to every gradient before its step, a function of
    a tree of arrays with one more axis in front, the training; None for nothing.
    Should anything be raised, every training is where it was.
    Raises ValueError or TypeError for what are no such trainings, steps or width below 1, a
    limit that is no finite number, a change that is no function; ArithmeticError where a
    training would raise it.
    """
    check_runs(runs)
    validate.count("steps", steps)
    validate.count("width", width)
    if below is not None:
        validate.number("below", below, "a finite number", lambda x: True)
    if change is not None:
        validate.function("change", change)
    losses = [run.losses.tolist() for run in runs]
    norms = [run.norms.tolist() for run in runs]

    def done(k):
        recent = losses[k][-width:]
        return below is not None and len(recent) == width and np.mean(recent) < below

    going = [k for k in range(len(runs)) if not done(k)]
    size = max(1, _UNITS // len(runs[0].params.cell.W_h))
    ended = []
    for first in range(0, len(going), size):
        crowd = _Crowd(going[first : first + size], runs)
        for _ in range(steps):
            if not crowd.members:
                break
            for k, loss, length in zip(crowd.members, *crowd.step(change), strict=True):
                losses[k].append(float(loss))
                norms[k].append(float(length))
            if leave := [k for k in crowd.members if done(k)]:
                ended += crowd.without(leave)
        ended += crowd.without(crowd.members)
    for k, state in ended:
        runs[k]._take_over(state, losses[k], norms[k])


def check_runs(runs):
    """Trainings that `abreast` can take."""
    validate.several("runs", runs)
    for run in runs:
        if not isinstance(run, Training):
            raise TypeError(f"runs: expected Trainings, got {validate.describe(run)}")
        check_model(run.params)
        if run.loss is not loss_at_end and getattr(run.loss, "func", None) is not loss_at_end:
            raise ValueError("runs: expected trainings on loss_at_end, got another loss")
    if len({run.step for run in runs}) > 1:
        raise ValueError(f"runs: expected equally many steps, got {[run.step for run in runs]}")
    if len({is_lstm(run.params.cell) for run in runs}) == 2:
        raise ValueError("runs: expected one kind of cell, got LSTMs and RNNs")
    if len({tuple(a.shape for a in arrays_of(run.params)) for run in runs}) > 1:
        raise ValueError("runs: expected models of one form, got several")


class _Crowd:
    """The trainings that are under way: all their arrays with an axis in front, the training."""

    def __init__(self, members, runs):
        self.members, self.runs, self.taken = members, runs, 0
        if members:
            self._stack({k: runs[k].state for k in members})
            self.rngs = {k: generator(runs[k].state.random) for k in members}

    def _stack(self, states):
        """Take in each member's parameters and moments; members with one optimiser as a group."""
        self.params = each_array(_stacked, *[states[k].params for k in self.members])
        self.groups = []
        for optimiser in dict.fromkeys(self.runs[k].optimiser for k in self.members):
            own = [n for n, k in enumerate(self.members) if self.runs[k].optimiser == optimiser]
            moments = [states[self.members[n]].moments for n in own]
            self.groups.append((optimiser, own, each_array(_stacked, *moments)))
        self.order = np.argsort([n for _, own, _ in self.groups for n in own])
        self.limits = np.array([self.runs[k].clip or np.inf for k in self.members])
        self.wide = each_array(_apart, self.params)
        self.places = each_array(lambda wide: _own(wide, len(self.members)), self.wide)

    def step(self, change):
        """One step of all: the loss and the gradient's length of each."""
        each_array(lambda place, own: np.copyto(place, own), self.places, self.params)
        losses, grads = self._gradients()
        if change is not None:
            grads = change(grads)
        squares = [np.square(g).reshape(len(g), -1).sum(axis=1) for g in arrays_of(grads)]
        lengths = np.sqrt(sum(squares))
        if not (np.isfinite(losses).all() and np.isfinite(lengths).all()):
            raise ArithmeticError(_NOT_FINITE["here"].format(step=self.taken + 1))
        if (lengths > self.limits).any():
            share = np.minimum(1, self.limits / np.maximum(lengths, np.finfo(float).tiny))
            share = share.astype(lengths.dtype)
            grads = each_array(lambda g: g * share.reshape(-1, *[1] * (g.ndim - 1)), grads)
        if len(self.groups) == 1:
            ((optimiser, own, moments),) = self.groups
            self.params, moments = _moved(optimiser, self.params, grads, moments)
            self.groups = [(optimiser, own, moments)]
        else:
            self._step_by_group(grads)
        if not all(np.isfinite(array).all() for array in arrays_of(self.params)):
            raise ArithmeticError(_NOT_FINITE["here"].format(step=self.taken + 1))
        self.taken += 1
        return losses, lengths

    def _step_by_group(self, grads):
        parts = []
        for n, (optimiser, own, moments) in enumerate(self.groups):
            mine, moments = _moved(optimiser, _some(self.params, own), _some(grads, own), moments)
            self.groups[n] = optimiser, own, moments
            parts.append(mine)
        self.params = each_array(lambda *some: np.concatenate(some)[self.order], *parts)

    def _gradients(self):
        """Each one's loss on its own next batch (K,), and the gradients (K, ...)."""
        drawn = [self.runs[k].batches(self.rngs[k]) for k in self.members]
        xs, targets, last = _side_by_side(drawn)
        rows, places = np.arange(len(last))[:, None], np.arange(len(drawn))
        engine = getattr(self.runs[self.members[0]].loss, "keywords", {})
        trace = run_cell(xs.reshape(*xs.shape[:2], -1), self.wide.cell, **engine)
        h = trace.h.reshape(*trace.h.shape[:2], -1, len(drawn))  # (T + 1, B, H, K)
        due = h[last + 1, rows, :, places]  # (B, K, H): where each one's answer is due
        due = due.transpose(0, 2, 1).reshape(len(last), -1)
        said = readout(due, self.wide.readout)
        off = said.reshape(targets.shape) - targets
        # The loss is the mean over all trainings' answers; each learns from its own.
        dy = (2 * off / off.size).reshape(len(last), -1)
        dh, dreadout = readout_backward(dy, due, self.wide.readout)
        dhs = np.zeros_like(h[1:])
        dhs[last, rows, :, places] = dh.reshape(len(last), -1, len(drawn)).transpose(0, 2, 1)
        dhs = dhs.reshape(trace.h[1:].shape)  # a step after the answer was due adds nothing
        grads = cell_backward(dhs, trace, self.wide.cell, **engine)
        own = each_array(lambda g: _own(g, len(drawn)) * len(drawn), Model(grads.params, dreadout))
        return (off**2).mean(axis=(0, 1)), own

    def without(self, leave):
        """Let these go: their numbers and states."""
        states = self._states()
        self.members = [k for k in self.members if k not in leave]
        if self.members:
            self._stack(states)
        return [(k, states[k]) for k in leave]

    def _states(self):
        states = {}
        for _, own, moments in self.groups if self.members else ():
            for place, n in enumerate(own):
                k = self.members[n]
                states[k] = State(
                    each_array(lambda a, n=n: a[n].copy(), self.params),
                    each_array(lambda a, p=place: a[p].copy() if a.ndim else a, moments),
                    self.runs[k].step + self.taken, self.rngs[k].bit_generator.state,
                )  # fmt: skip
        return states


def _side_by_side(drawn):
    """xs (T, B, D, K), targets (B, Y, K) and last (B, K) of K batches; short ones end in zeros."""
    sizes = [check_last(batch) for batch in drawn]
    if len({B for _, B in sizes}) > 1:
        raise ValueError("batches: expected equally many sequences in all trainings")
    first = drawn[0].xs
    xs = np.zeros((max(T for T, _ in sizes), *first.shape[1:], len(drawn)), first.dtype)
    for k, (batch, (T, _)) in enumerate(zip(drawn, sizes, strict=True)):
        xs[:T, ..., k] = batch.xs
    return (
        xs,
        np.stack([batch.targets for batch in drawn], axis=-1),
        np.stack([batch.last for batch in drawn], axis=-1),
    )


def _stacked(*arrays):
    """Arrays of one shape as one, the training in front; a count of steps is common to all."""
    return np.stack(arrays) if arrays[0].ndim else arrays[0]


def _some(tree, which):
    return each_array(lambda a: a[which], tree)


def _moved(optimiser, params, grads, moments):
    """One step of several trainings with one optimiser: their parameters and moments."""
    if type(optimiser) in _BY_NUMBER:
        return optimiser.step(params, grads, moments)
    steps = []
    for n in range(len(arrays_of(params)[0])):
        one = (
            each_array(lambda a, n=n: a[n] if a.ndim else a, tree)
            for tree in (params, grads, moments)
        )
        steps.append(optimiser.step(*one))
    return tuple(each_array(_stacked, *trees) for trees in zip(*steps, strict=True))


def _apart(stack):
    """A wide array with a place of its own for each array of a stack (K, ...), 0 elsewhere."""
    return np.zeros([len(stack) * n for n in stack.shape[1:]], stack.dtype)


def _own(wide, K):
    """A view of a wide array as the stack (K, ...) of what belongs to each of K trainings.

    Training n has every Kth row from the nth, and of these every Kth column from the nth.
    """
    if wide.ndim == 1:
        return wide.reshape(-1, K).T
    rows, columns = (n // K for n in wide.shape)
    return np.einsum("rncn->nrc", wide.reshape(rows, K, columns, K))
