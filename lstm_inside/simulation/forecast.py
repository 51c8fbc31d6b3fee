"""Forecasting a real signal: persistence, a linear model and an LSTM on the same window.

Notebook 07; numbers in brackets, such as (7.9), are its equations. Axes: W steps in the
longest window, B windows, C channels, K horizons (1 to K steps ahead).
"""

from typing import NamedTuple

import numpy as np

from lstm_core import init_lstm, lstm_backward, lstm_forward
from lstm_inside import validate
from lstm_inside.tasks import eeg
from lstm_inside.training import (
    Adam,
    Model,
    Training,
    check_model,
    check_pair,
    init_readout,
    mean_squared_error,
    readout,
    readout_backward,
)

SPLIT = 560  # samples 0 to 559 are learned from, 560 to 799 are tested on
LONGEST, HORIZONS = 32, 16  # steps a window may have, steps ahead that are forecast


class Windows(NamedTuple):
    """Windows of a signal: xs (W, B, C), and after each step what comes: ahead (W, B, K, C)."""

    xs: np.ndarray
    ahead: np.ndarray

    def last(self, w):
        """The last w steps of every window: xs (w, B, C). ValueError or TypeError for others."""
        validate.whole("w", w, most=len(self.xs))
        return self.xs[len(self.xs) - w :]


def windows_of(signal, W=LONGEST, K=HORIZONS) -> Windows:
    """Every window of W steps of a signal (T, C) after which K more are known.

    Raises ValueError or TypeError for a signal that is too short for one or has numbers that are
    not finite, W or K below 1.
    """
    signal = _as_numbers("signal", signal, ndim=2)
    validate.count("W", W)
    validate.count("K", K)
    B = len(signal) - W - K + 1
    if B < 1:
        raise ValueError(f"signal: expected at least W + K = {W + K} samples, got {len(signal)}")
    at = np.arange(W)[:, None] + np.arange(B)  # (W, B): the place of each window's steps
    ahead = np.stack([signal[at + k] for k in range(1, K + 1)], axis=2)
    return Windows(signal[at], ahead)


def eeg_windows(split=SPLIT):
    """The EEG before and after `split`, both scaled by what came before: two `Windows`.

    No window reaches over the split, not even with what it has to forecast.
    Raises ValueError or TypeError for a split with no whole window on one of its sides.
    """
    signal = eeg()
    room = LONGEST + HORIZONS
    validate.whole("split", split, least=room, most=len(signal) - room)
    past = signal[:split]
    signal = (signal - past.mean(axis=0)) / past.std(axis=0)
    return windows_of(signal[:split]), windows_of(signal[split:])


def _as_numbers(name, x, ndim):
    """Finite floats of `ndim` axes, at least one of them."""
    x = validate.real(name, x, ndim=ndim)
    if not x.size:
        raise ValueError(f"{name}: expected at least one number, got shape {x.shape}")
    validate.finite(name, x)
    return x.astype(np.result_type(x, np.float32), copy=False)


# ---------------------------------------------------------------- four forecasters
# All raise ValueError or TypeError for windows or settings that do not fit.


def mean_forecast(xs, K=HORIZONS) -> np.ndarray:
    """The mean of what was learned from, which the scaling made 0: (B, K, C)."""
    xs = _as_numbers("xs", xs, ndim=3)
    validate.count("K", K)
    return np.zeros((xs.shape[1], K, xs.shape[2]))


def persistence(xs, K=HORIZONS) -> np.ndarray:
    """Nothing changes: the last value, K times (7.8): xs (w, B, C) -> (B, K, C)."""
    xs = _as_numbers("xs", xs, ndim=3)
    validate.count("K", K)
    return np.repeat(xs[-1][:, None], K, axis=1)


def fit_linear(xs, ahead) -> np.ndarray:
    """Least squares from a window's wC numbers and a 1 to all KC forecasts (7.9).

    xs (w, B, C), ahead (B, K, C) -> coefficients (wC + 1, KC).
    """
    xs, ahead = _as_numbers("xs", xs, ndim=3), _as_numbers("ahead", ahead, ndim=3)
    B, C = xs.shape[1:]
    if (len(ahead), ahead.shape[2]) != (B, C):
        raise ValueError(f"ahead: expected (B, K, C) with B = {B}, C = {C}, got {ahead.shape}")
    return np.linalg.lstsq(_rows(xs), ahead.reshape(len(ahead), -1), rcond=None)[0]


def linear_forecast(xs, coefficients) -> np.ndarray:
    """What `fit_linear` found, applied to windows xs (w, B, C) -> (B, K, C)."""
    xs = _as_numbers("xs", xs, ndim=3)
    coefficients = _as_numbers("coefficients", coefficients, ndim=2)
    w, B, C = xs.shape
    if len(coefficients) != w * C + 1 or coefficients.shape[1] % C:
        raise ValueError(
            f"coefficients: expected ({w * C + 1}, K * {C}), as xs has {w} steps of {C} "
            f"channels, got {coefficients.shape}"
        )
    return (_rows(xs) @ coefficients).reshape(B, -1, C)


def _rows(xs):
    flat = xs.transpose(1, 0, 2).reshape(xs.shape[1], -1)  # (w, B, C) -> (B, wC)
    return np.concatenate([flat, np.ones((len(flat), 1))], axis=1)


def lstm_forecast(model, xs, *, change=True) -> np.ndarray:
    """What an LSTM says after a window read from zero states (7.10): (w, B, C) -> (B, K, C).

    change: its answers are changes, to be added to the last value.
    """
    check_model(model)
    xs = _as_numbers("xs", xs, ndim=3)
    B, C = xs.shape[1:]
    _check_channels(model, C)
    y = readout(lstm_forward(xs, model.cell).h[-1], model.readout).reshape(B, -1, C)
    return y + xs[-1][:, None] if change else y


def _check_channels(model, C):
    outputs = len(model.readout.b_y)
    if outputs % C:
        raise ValueError(f"model: expected a multiple of {C} outputs, one a channel, got {outputs}")


def forecast_loss(model, batch, *, change=True, warm=3):
    """Mean squared error of the forecasts after every step from `warm` on, and gradients.

    batch: `Windows`. Each step closes a window of its own, so windows of all lengths are
    learned at once.
    Raises ValueError or TypeError for a model or a batch that do not fit, and for a `warm` that
    leaves no step.
    """
    check_model(model)
    xs, ahead = check_pair(batch)
    xs = _as_numbers("xs", xs, ndim=3)
    W, B, C = xs.shape
    _check_channels(model, C)
    K = len(model.readout.b_y) // C
    ahead = validate.array("ahead", ahead, (W, B, K, C), "(W, B, K, C)", model.cell.b.dtype)
    validate.whole("warm", warm, least=0, most=W - 1)
    trace = lstm_forward(xs, model.cell)
    y = readout(trace.h[1 + warm :], model.readout).reshape(W - warm, B, -1, C)
    said = y + xs[warm:, :, None] if change else y
    loss, dy = mean_squared_error(said, ahead[warm:])
    dhs = np.zeros_like(trace.h[1:])
    dy = dy.reshape(W - warm, B, -1)
    dhs[warm:], dreadout = readout_backward(dy, trace.h[1 + warm :], model.readout)
    return loss, Model(lstm_backward(dhs, trace, model.cell).params, dreadout)


def forecast_training(learn, *, H=16, B=32, rate=0.01, change=True, rng) -> Training:
    """A training of an LSTM on B windows a step, drawn from `Windows`: float32, clipped at 1.

    Raises ValueError or TypeError for what are none, H or B below 1, a rate that is not above 0,
    no Generator.
    """
    if not isinstance(learn, Windows):
        raise TypeError(f"learn: expected Windows, got {validate.describe(learn)}")
    validate.count("B", B)
    C, K = learn.xs.shape[2], learn.ahead.shape[2]
    learn = Windows(*(part.astype(np.float32) for part in learn))
    model = Model(
        init_lstm(C, H, rng=rng, dtype=np.float32),
        init_readout(H, K * C, rng=rng, dtype=np.float32),
    )

    def batches(rng):
        some = rng.integers(0, learn.xs.shape[1], B)
        return Windows(learn.xs[:, some], learn.ahead[:, some])

    return Training(
        model, lambda p, b: forecast_loss(p, b, change=change), batches, Adam(rate),
        rng=rng, clip=1.0,
    )  # fmt: skip


# ---------------------------------------------------------------- judging


def rms_error(said, ahead) -> np.ndarray:
    """Root of the mean squared error of each horizon: (B, K, C) twice -> (K,) (7.11).

    Raises ValueError or TypeError for shapes that differ, NaN or infinity, no number.
    """
    said = _as_numbers("said", said, ndim=3)
    ahead = validate.array("ahead", ahead, said.shape, "of said", said.dtype)
    return np.sqrt(((said - ahead) ** 2).mean(axis=(0, 2)))
