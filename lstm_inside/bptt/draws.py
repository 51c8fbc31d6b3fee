"""What networks leave of the gradient at a flag, ninety steps back (notebook 04)."""

import numpy as np

from lstm_core import (
    LSTMParams,
    RNNParams,
    init_lstm,
    init_rnn,
    lstm_backward,
    lstm_forward,
    rnn_backward,
    rnn_forward,
)
from lstm_inside import validate
from lstm_inside.bptt.shares import split_way
from lstm_inside.page.measure import step_lengths

DRAWS, FLAG = 20, 10  # the flag stands at step 10 of 100
_STEPS, _UNITS = 100, 8


def flagged_sequence() -> np.ndarray:
    """The sequence of recall that section 5 reads, (100, 1, 2): numbers, and a flag at FLAG."""
    xs = np.zeros((_STEPS, 1, 2))
    xs[:, 0, 0] = np.random.default_rng(3).uniform(-1, 1, _STEPS)
    xs[FLAG - 1, 0, 1] = 1
    return xs


def left_at_flag(params) -> np.ndarray:
    """How much of the gradient is left at the flag, and what the cell line alone would bring.

    params: RNNParams (dL/dh) or LSTMParams (dL/dc) of two inputs, which read `flagged_sequence`;
    the loss is the sum of the last hidden state. Returns (2,): the length of all that is left at
    the flag and of what comes along the cell line alone, NaN for an RNN, which has none, both as
    multiples of the length at the last step.
    Raises ValueError or TypeError for what are no such parameters.
    """
    plain = validate.of_kind("params", params, RNNParams, LSTMParams) is RNNParams
    trace = (rnn_forward if plain else lstm_forward)(flagged_sequence(), params)
    dhs = np.zeros_like(trace.h[1:])
    dhs[-1] = 1
    if plain:
        whole = step_lengths(rnn_backward(dhs, trace, params).h)
        return np.array([whole[FLAG] / whole[-1], np.nan])
    grads = lstm_backward(dhs, trace, params)
    whole, alone = (step_lengths(c) for c in (grads.c, split_way(dhs, trace, grads).carousel))
    return np.array([whole[FLAG] / whole[-1], alone[FLAG] / whole[-1]])


def twenty_draws(cell, recurrent="uniform", *, b_f=1.0, strength=1.0) -> np.ndarray:
    """`left_at_flag` of twenty untrained networks of 8 units, (2, 20): a column a draw.

    cell: "rnn" or "lstm". recurrent: how W_h is drawn, as for `init_rnn`. b_f: the LSTM's forget
    bias. strength: what W_h is multiplied by. Raises ValueError or TypeError for another cell or
    drawing, and what is no finite number.
    """
    validate.choice("cell", cell, ("rnn", "lstm"))
    validate.number("b_f", b_f)
    validate.number("strength", strength)
    left = []
    for draw in range(DRAWS):
        rng = np.random.default_rng(draw)
        if cell == "rnn":
            params = init_rnn(2, _UNITS, rng=rng, recurrent=recurrent)
        else:
            params = init_lstm(2, _UNITS, rng=rng, forget_bias=b_f, recurrent=recurrent)
        left.append(left_at_flag(params._replace(W_h=strength * params.W_h)))
    return np.stack(left, axis=1)
