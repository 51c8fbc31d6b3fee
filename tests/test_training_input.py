"""Notebook 05: bad input is named; `test_bad_input.py` asks the same of every argument."""

import numpy as np
import pytest
from training_nets import adding, model_of, rng

from lstm_inside.tasks import adding_problem, hold_problem
from lstm_inside.training import (
    SGD,
    Adam,
    Momentum,
    ReadoutParams,
    Training,
    answers,
    cell_backward,
    clip_by_norm,
    init_readout,
    loss_at_end,
    mean_squared_error,
    readout,
    readout_backward,
    run_cell,
    softmax,
    softmax_cross_entropy,
)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: adding_problem(3, 2, rng=rng()), ValueError, "T: expected at least 4"),
        (lambda: adding_problem(9, 0, rng=rng()), ValueError, "B: expected at least 1"),
        (lambda: adding_problem(9.0, 2, rng=rng()), TypeError, "T: expected a whole"),
        (lambda: adding_problem(9, 2, rng=3), TypeError, "rng: expected"),
        (lambda: adding_problem(9, 2, rng=rng(), protocol="x"), ValueError, "protocol: expected"),
        (lambda: mean_squared_error(np.zeros((3, 1)), np.zeros(3)), ValueError, "target: expected"),
        (lambda: softmax_cross_entropy(np.zeros((3, 2)), [0, 1]), ValueError, "labels: expected"),
        (lambda: softmax_cross_entropy(np.zeros((2, 2)), [0, 2]), ValueError, "expected 0 to 1"),
        (lambda: softmax_cross_entropy(np.zeros((2, 2)), [0, -1]), ValueError, "expected 0 to 1"),
        (lambda: adding_training_with(np.random.RandomState(0)), TypeError, "rng: expected"),
    ],
)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


GOOD = ReadoutParams(np.zeros((4, 2)), np.zeros(2))
NAN = np.full((3, 4), np.nan)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: init_readout(0, 1, rng=rng()), ValueError, "H: expected a whole number"),
        (lambda: init_readout(4, 1.5, rng=rng()), TypeError, "K: expected a whole number"),
        (lambda: init_readout(4, 1, rng=3), TypeError, "rng: expected"),
        (lambda: readout(np.zeros((3, 5)), GOOD), ValueError, r"h: expected shape \(..., H\)"),
        (lambda: readout(1.0, GOOD), ValueError, "h: expected at least one axis"),
        (lambda: readout(NAN, GOOD), ValueError, "h: expected finite"),
        (lambda: readout("abcd", GOOD), TypeError, "h: expected a real-number array"),
        (lambda: readout(np.zeros(4), None), TypeError, "params: expected ReadoutParams"),
        (lambda: readout(np.zeros(4), GOOD._replace(b_y=np.zeros(3))), ValueError, "b_y: expected"),
        (
            lambda: readout(np.zeros(4), GOOD._replace(W_y=np.zeros(4))),
            ValueError,
            "W_y: expected 2",
        ),
        (
            lambda: readout_backward(np.zeros((3, 3)), np.zeros((3, 4)), GOOD),
            ValueError,
            "dy: expected",
        ),
        (lambda: readout_backward(np.zeros(2), np.zeros((3, 4)), GOOD), ValueError, "dy: expected"),
        (lambda: mean_squared_error(NAN, np.zeros((3, 4))), ValueError, "y: expected finite"),
        (lambda: mean_squared_error(np.zeros(0), np.zeros(0)), ValueError, "target: expected"),
        (lambda: softmax_cross_entropy(NAN, [0, 1, 2]), ValueError, "z: expected finite"),
        (
            lambda: softmax_cross_entropy(np.zeros((0, 4)), np.zeros(0, int)),
            ValueError,
            "at least one",
        ),
        (lambda: softmax(3.0), ValueError, "z: expected scores"),
        (lambda: SGD(0.0), ValueError, "rate: expected a number above 0"),
        (lambda: SGD(np.nan), ValueError, "rate: expected a number above 0"),
        (lambda: SGD("fast"), TypeError, "rate: expected"),
        (lambda: Momentum(-0.1), ValueError, "rate: expected"),
        (lambda: Momentum(0.1, 1.0), ValueError, "keep: expected a share"),
        (lambda: Adam(0.1, keep_square=1.1), ValueError, "keep_square: expected a share"),
        (
            lambda: SGD().step(GOOD, GOOD._replace(b_y=np.zeros(1)), ()),
            ValueError,
            "for params.b_y",
        ),
        (lambda: SGD().step(GOOD, np.zeros(3), ()), ValueError, "grads: expected the form"),
        (lambda: clip_by_norm(GOOD, 0), ValueError, "limit: expected a number above 0"),
        (lambda: clip_by_norm((NAN,), 1), ValueError, "grads.0: expected finite"),
        (lambda: adding(clip=-1.0), ValueError, "clip: expected a number above 0"),
        (lambda: adding().steps(2.5), TypeError, "count: expected a whole number"),
        (lambda: adding().steps(0), ValueError, "count: expected a whole number"),
        (lambda: Training((NAN,), None, None, SGD(), rng=rng()), ValueError, "expected finite"),
        (
            lambda: Training((np.zeros(2, int),), None, None, SGD(), rng=rng()),
            TypeError,
            "floating",
        ),
        (
            lambda: answers(
                model_of("rnn"), adding_problem(6, 2, rng=rng())._replace(last=np.array([5, 6]))
            ),
            ValueError,
            "last: expected",
        ),
        (lambda: hold_problem(1, 2, rng=rng()), ValueError, "T: expected at least 2"),
    ],
)
def test_bad_numbers_and_shapes_are_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def adding_training_with(generator):
    return Training(model_of("rnn"), loss_at_end, None, SGD(), rng=generator)


def test_what_is_no_cell_or_readout_is_named():
    params = model_of("lstm")
    with pytest.raises(ValueError, match=r"W_y: expected \(H, K\), each at least 1"):
        readout(np.zeros((2, 0)), ReadoutParams(np.zeros((0, 1)), np.zeros(1)))
    for call in (
        lambda: run_cell(np.zeros((3, 2, 2)), params.readout),
        lambda: cell_backward(np.zeros((3, 2, 4)), None, params.readout),
        lambda: answers(params._replace(cell=params.readout), adding_problem(8, 2, rng=rng())),
        lambda: answers(params._replace(cell=params.readout), None),  # before the batch
    ):
        with pytest.raises(TypeError, match="cell: expected RNNParams or LSTMParams, got"):
            call()
