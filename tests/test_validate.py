"""What is let in, and what is said of what is not; `test_bad_input.py` asks every public function."""

import numpy as np
import pytest

from lstm_core import LSTMParams
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
