"""What is let in, and what is said of what is not; `test_bad_input.py` asks every public function."""

import numpy as np
import pytest

from lstm_core import LSTMParams, LSTMTrace, RNNTrace, lstm_forward
from lstm_inside import validate


def test_a_whole_number_is_told_its_bounds():
    validate.whole("n", 2, 2, 5)
    validate.whole("n", 5, 2, 5)
    with pytest.raises(ValueError, match="n: expected 2 to 5, got 6"):
        validate.whole("n", 6, 2, 5)
    with pytest.raises(ValueError, match="n: expected at least 2, got 1"):
        validate.whole("n", 1, 2)


def test_a_number_is_told_what_is_wanted():
    with pytest.raises(ValueError, match="x: expected a finite number, got nan"):
        validate.number("x", np.nan)
    with pytest.raises(ValueError, match="x: expected a number above 2, got 1"):
        validate.number("x", 1, "a number above 2", lambda x: x > 2)


def test_a_share_may_be_nothing_but_not_all():
    validate.share("keep", 0)
    with pytest.raises(ValueError, match="keep: expected a share, 0 <= keep < 1, got 1"):
        validate.share("keep", 1)


def test_a_dtype_comes_back_as_one():
    assert validate.dtype("float32") == np.dtype(np.float32)
    with pytest.raises(TypeError, match="dtype: expected float32 or float64, got 'no such'"):
        validate.dtype("no such")
    with pytest.raises(ValueError, match="dtype: expected float32 or float64, got int64"):
        validate.dtype(np.int64)


def test_arrays_come_apart_under_their_names_and_back_again():
    named, rebuild = validate.parts("xs", (np.ones(2), np.zeros((1, 3))))
    assert [n for n, _ in named] == ["xs[0]", "xs[1]"]
    assert [p.shape for p in rebuild([p for _, p in named])] == [(2,), (1, 3)]
    (alone,), back = validate.parts("x", [1, 2])
    assert alone[0] == "x"
    assert alone[1].dtype == np.float64
    assert back([alone[1]]) is alone[1]


def test_arrays_that_come_apart_are_finite_and_wide_enough():
    with pytest.raises(ValueError, match=r"xs\[1\]: expected finite numbers"):
        validate.parts("xs", (np.ones(2), np.array([0, np.inf])))
    with pytest.raises(ValueError, match=r"x: expected float64, .*, got float32"):
        validate.parts("x", np.ones(2, np.float32))
    with pytest.raises(ValueError, match="x: expected at least one number in every array, got"):
        validate.parts("x", (np.ones(2), np.ones(0)))


@pytest.mark.parametrize("recurrent", ["diagonal", "", 3, None])
def test_a_start_is_one_of_two(recurrent):
    with pytest.raises(ValueError, match='recurrent: expected "uniform" or "orthogonal", got'):
        validate.init(2, 3, np.random.default_rng(0), recurrent, np.float64)


@pytest.mark.parametrize("recurrent", ["uniform", "orthogonal"])
def test_the_dtype_of_a_start_comes_back_as_one(recurrent):
    dtype = validate.init(2, 3, np.random.default_rng(0), recurrent, "float32")
    assert dtype == np.dtype(np.float32)


@pytest.mark.parametrize("dtypes", [("f4", "f8", "f4"), ("f8", "f8", "f4"), ("i8", "i8", "i8")])
def test_parameters_are_of_one_dtype(dtypes):
    shapes = (2, 12), (3, 12), (12,)
    arrays = [np.ones(shape, dtype) for shape, dtype in zip(shapes, dtypes, strict=True)]
    with pytest.raises(ValueError, match="params: expected float32 or float64, one for all"):
        validate.lstm_params(LSTMParams(*arrays))
    alike = LSTMParams(*(array.astype("f4") for array in arrays))
    assert validate.lstm_params(alike).W_h.dtype == np.float32


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (((2, 12), (12,), (12,)), r"W_h: expected shape \(H, 4H\)"),
        (((2, 12), (3, 11), (12,)), r"W_h: expected shape \(H, 4H\)"),
        (((2, 0), (0, 0), (0,)), r"W_h: expected shape \(H, 4H\) with H >= 1"),
        (((12,), (3, 12), (12,)), r"W_x: expected shape \(D, 12\)"),
        (((2, 11), (3, 12), (12,)), r"W_x: expected shape \(D, 12\)"),
        (((0, 12), (3, 12), (12,)), r"W_x: expected shape \(D, 12\) with D >= 1"),
        (((2, 12), (3, 12), (1, 12)), r"b: expected shape \(12,\)"),
        (((2, 12), (3, 12), (11,)), r"b: expected shape \(12,\)"),
    ],
)
def test_parameters_fit_each_other(shapes, words):
    with pytest.raises(ValueError, match=words):
        validate.lstm_params(LSTMParams(*map(np.ones, shapes)))
    validate.lstm_params(LSTMParams(*map(np.ones, [(1, 4), (1, 4), (4,)])))  # the smallest


@pytest.mark.parametrize("which", [0, 1, 2])
def test_parameters_are_finite_and_three(which):
    arrays = [np.ones((2, 12)), np.ones((3, 12)), np.ones(12)]
    with pytest.raises(TypeError, match=r"expected LSTMParams\(W_x, W_h, b\), got"):
        validate.lstm_params(tuple(arrays[:which]))
    with pytest.raises(TypeError, match=r"expected LSTMParams\(W_x, W_h, b\), got"):
        validate.lstm_params(arrays)
    arrays[which].flat[1] = np.nan
    with pytest.raises(ValueError, match=rf"{LSTMParams._fields[which]}: expected finite numbers"):
        validate.lstm_params(tuple(arrays))


def lstm(D=2, H=3, dtype=np.float64):
    return LSTMParams(*(np.ones(shape, dtype) for shape in [(D, 4 * H), (H, 4 * H), (4 * H,)]))


def test_sizes_are_whole_numbers_with_a_least_value():
    validate.sizes(np.random.default_rng(0), T=(3, 3), B=(1, 0))
    with pytest.raises(ValueError, match="T: expected at least 3, got 2"):
        validate.sizes(np.random.default_rng(0), T=(2, 3))
    with pytest.raises(TypeError, match="Generator"):
        validate.sizes(None, T=(3, 3))


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((0, 5, 2), "expected T >= 1 and B >= 1"),
        ((4, 0, 2), "expected T >= 1 and B >= 1"),
        ((4, 5, 3), r"expected shape \(T, B, D\) = \(4, 5, 2\), got \(4, 5, 3\)"),
        ((4, 2), "xs: "),
    ],
)
def test_a_sequence_fits_its_parameters(shape, words):
    with pytest.raises(ValueError, match=words):
        validate.sequence(lstm(), np.ones(shape))


def test_a_sequence_and_its_states_come_in_the_dtype_of_the_parameters():
    xs, h, c = validate.sequence(
        lstm(dtype=np.float32), np.ones((1, 1, 2)), h0=np.ones((1, 3)), c0=None
    )
    assert (xs.dtype, h.dtype, c) == (np.float32, np.float32, 0)
    with pytest.raises(ValueError, match=r"h0: expected shape \(B, H\) = \(1, 3\), got \(1, 2\)"):
        validate.sequence(lstm(), np.ones((1, 1, 2)), h0=np.ones((1, 2)))


@pytest.mark.parametrize(
    "other", [lstm(D=1), lstm(H=2), lstm(dtype=np.float32)], ids=["D", "H", "dtype"]
)
def test_a_trace_is_one_of_the_parameters(other):
    trace = lstm_forward(np.ones((4, 5, len(other.W_x)), other.b.dtype), other)
    with pytest.raises(ValueError, match="trace: expected D = 2, H = 3, float64 as in params"):
        validate.backward(lstm(), LSTMTrace, trace, np.ones((4, 5, 3)))


def test_gradients_fit_their_trace():
    trace = lstm_forward(np.ones((4, 5, 2)), lstm())
    dhs, dc_last = validate.backward(lstm(), LSTMTrace, trace, np.ones((4, 5, 3), int))
    assert (dhs.dtype, dc_last) == (np.float64, 0)
    _, dc_last = validate.backward(lstm(), LSTMTrace, trace, dhs, np.ones((5, 3), int))
    assert dc_last.dtype == np.float64
    with pytest.raises(ValueError, match=r"dhs: expected shape \(T, B, H\) = \(4, 5, 3\)"):
        validate.backward(lstm(), LSTMTrace, trace, np.ones((4, 5, 2)))
    with pytest.raises(ValueError, match=r"dc_last: expected shape \(B, H\) = \(5, 3\)"):
        validate.backward(lstm(), LSTMTrace, trace, dhs, np.ones((5, 2)))
    with pytest.raises(TypeError, match="trace: expected LSTMTrace, got"):
        validate.backward(lstm(), LSTMTrace, (1, 2), dhs)


def test_a_kind_is_told_by_its_name():
    again = type("LSTMTrace", (), {})  # what a module that was loaded again has
    assert validate.of_kind("trace", again(), RNNTrace, LSTMTrace) is LSTMTrace
    with pytest.raises(TypeError, match="trace: expected RNNTrace or LSTMTrace, got"):
        validate.of_kind("trace", 3, RNNTrace, LSTMTrace)
