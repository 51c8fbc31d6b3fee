"""A plain RNN learns recall with the flag near the end, or far from it (notebook 04)."""

from typing import NamedTuple

import numpy as np

from lstm_core import init_rnn
from lstm_inside import validate
from lstm_inside.tasks import Sequences

RNN_RATES = {"one rate": (0.1, 0.3), "adam": (0.01, 0.02)}
DRAWS = 3
_UNITS, _BATCH, _TEST = 8, 32, 500


class PlainRun(NamedTuple):
    """What `plain_rnn_learns` found, one number for each draw of the weights, (DRAWS,).

    share: the flagged steps' part of W_x's gradient at the first update, its length as a multiple
    of the whole gradient's. errors: mean squared errors on sequences not trained on, each at the
    rate that did best for its draw.
    """

    share: np.ndarray
    errors: np.ndarray


def recall_at(places, steps, sequences, rng) -> Sequences:
    """Recall with the flag at one of some steps, counted from 1; else as `tasks.recall_problem`.

    places: (first, last) of these steps. Raises ValueError or TypeError for places outside 1 to
    `steps` or the wrong way round, no sequences, no Generator.
    """
    validate.sizes(rng, steps=(steps, 2), sequences=(sequences, 1))
    if not isinstance(places, list | tuple):
        raise TypeError(f"places: expected (first, last), got {validate.describe(places)}")
    if len(places) != 2:
        raise ValueError(f"places: expected (first, last), got {len(places)} of them")
    first, last = places
    validate.whole("places", first, least=1, most=steps)
    validate.whole("places", last, least=first, most=steps)
    xs, each = np.zeros((steps, sequences, 2)), np.arange(sequences)
    xs[..., 0] = rng.uniform(-1, 1, (steps, sequences))
    flagged = rng.integers(first - 1, last, sequences)
    xs[flagged, each, 1] = 1
    return Sequences(xs, xs[flagged, each, :1], np.full(sequences, steps - 1))


def plain_rnn_learns(
    places, rule="one rate", *, recurrent="uniform", steps=30, updates=300, rng
) -> PlainRun:
    """Train RNNs of 8 units on recall; the answer is the sum of the last hidden state.

    places: (first, last) step at which a flag may stand. rule: "one rate" for all weights, or
    "adam", each gradient divided by its own size; DRAWS untrained networks for each of its
    RNN_RATES. recurrent: how W_h is drawn, as for `init_rnn`. Every update reads a fresh batch,
    the same for all networks, drawn from rng.
    Raises ValueError or TypeError for another rule or drawing, what `recall_at` refuses, updates
    below 1.
    """
    validate.choice("rule", rule, RNN_RATES)
    validate.count("updates", updates)
    rates = RNN_RATES[rule]
    drawn = [
        init_rnn(2, _UNITS, rng=np.random.default_rng(n), recurrent=recurrent) for n in range(DRAWS)
    ]
    test = recall_at(places, steps, _TEST, rng)
    params = [np.stack(p) for p in zip(*(drawn * len(rates)), strict=True)]  # (N, ...), N networks
    params[2] = params[2][:, None]
    rate = np.repeat(rates, DRAWS)[:, None, None]
    mean, square = ([np.zeros_like(p) for p in params] for _ in range(2))
    for update in range(1, updates + 1):
        data = recall_at(places, steps, _BATCH, rng)
        grads, parts = _gradient(data, params)
        if update == 1:
            at_flag = np.einsum("tnbh,tbd,tb->ndh", parts, data.xs, data.xs[..., 1])
            share = _length(at_flag[:DRAWS]) / _length(grads[0][:DRAWS])
        for n, grad in enumerate(grads):
            if rule == "adam":
                mean[n] += 0.1 * (grad - mean[n])
                square[n] += 0.001 * (grad**2 - square[n])
                size = np.sqrt(square[n] / (1 - 0.999**update)) + 1e-8
                grad = mean[n] / (1 - 0.9**update) / size
            params[n] = params[n] - rate * grad
    off = _states(test.xs, params)[-1].sum(axis=2) - test.targets[:, 0]
    return PlainRun(share, (off**2).mean(axis=1).reshape(len(rates), DRAWS).min(axis=0))


def _states(xs, params):
    """h of every step, (T+1, N, B, H), of N networks that read the same xs (T, B, 2)."""
    W_x, W_h, b = params
    h = np.zeros((len(xs) + 1, len(W_x), xs.shape[1], _UNITS))
    for t, x in enumerate(xs):
        h[t + 1] = np.tanh(x @ W_x + h[t] @ W_h + b)
    return h


def _gradient(data, params):
    """Of the mean of half the squared error: the gradients, and da of every step (T, N, B, H)."""
    h = _states(data.xs, params)
    off = h[-1].sum(axis=2, keepdims=True) - data.targets
    da, back = 1 - h[1:] ** 2, params[1].swapaxes(1, 2)
    dh = off / off.shape[1]
    for t in reversed(range(len(da))):
        da[t] *= dh  # (4.2)
        dh = da[t] @ back  # (4.3)
    along = da.transpose(1, 3, 0, 2).reshape(len(off), _UNITS, -1)  # (N, H, T B)
    before = h[:-1].transpose(1, 0, 2, 3).reshape(len(off), -1, _UNITS)
    flat = data.xs.reshape(-1, 2)
    grads = (
        (along @ flat).swapaxes(1, 2),
        (along @ before).swapaxes(1, 2),
        along.sum(axis=2)[:, None],
    )
    return grads, da


def _length(grads):
    return np.sqrt((grads**2).sum(axis=(1, 2)))
