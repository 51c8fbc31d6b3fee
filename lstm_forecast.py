"""Forecasting a real signal: persistence, a linear model and an LSTM on the same window.

Notebook 07; numbers in brackets, such as (7.9), are its equations. Axes: W steps in the
longest window, B windows, C channels, K horizons (1 to K steps ahead).
"""

from typing import NamedTuple

import numpy as np

from lstm_core import init_lstm, lstm_backward, lstm_forward
from lstm_tasks import eeg
from lstm_train import (
    Adam,
    Model,
    Training,
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
        """The last w steps of every window: xs (w, B, C)."""
        return self.xs[len(self.xs) - w :]


def windows_of(signal, W=LONGEST, K=HORIZONS) -> Windows:
    """Every window of W steps of a signal (T, C) after which K more are known.

    Raises ValueError for a signal that is too short for one.
    """
    B = len(signal) - W - K + 1
    if B < 1:
        raise ValueError(f"signal: expected at least W + K = {W + K} samples, got {len(signal)}")
    at = np.arange(W)[:, None] + np.arange(B)  # (W, B): the place of each window's steps
    ahead = np.stack([signal[at + k] for k in range(1, K + 1)], axis=2)
    return Windows(signal[at], ahead)


def eeg_windows(split=SPLIT):
    """The EEG before and after `split`, both scaled by what came before: two `Windows`.

    No window reaches over the split, not even with what it has to forecast.
    """
    signal = eeg()
    past = signal[:split]
    signal = (signal - past.mean(axis=0)) / past.std(axis=0)
    return windows_of(signal[:split]), windows_of(signal[split:])


# ---------------------------------------------------------------- four forecasters


def mean_forecast(xs, K=HORIZONS) -> np.ndarray:
    """The mean of what was learned from, which the scaling made 0: (B, K, C)."""
    return np.zeros((xs.shape[1], K, xs.shape[2]))


def persistence(xs, K=HORIZONS) -> np.ndarray:
    """Nothing changes: the last value, K times (7.8): xs (w, B, C) -> (B, K, C)."""
    return np.repeat(xs[-1][:, None], K, axis=1)


def fit_linear(xs, ahead) -> np.ndarray:
    """Least squares from a window's wC numbers and a 1 to all KC forecasts (7.9).

    xs (w, B, C), ahead (B, K, C) -> coefficients (wC + 1, KC).
    """
    return np.linalg.lstsq(_rows(xs), ahead.reshape(len(ahead), -1), rcond=None)[0]


def linear_forecast(xs, coefficients) -> np.ndarray:
    """What `fit_linear` found, applied to windows xs (w, B, C) -> (B, K, C)."""
    B, C = xs.shape[1:]
    return (_rows(xs) @ coefficients).reshape(B, -1, C)


def _rows(xs):
    flat = xs.transpose(1, 0, 2).reshape(xs.shape[1], -1)  # (w, B, C) -> (B, wC)
    return np.concatenate([flat, np.ones((len(flat), 1))], axis=1)


def lstm_forecast(model, xs, *, change=True) -> np.ndarray:
    """What an LSTM says after a window read from zero states (7.10): (w, B, C) -> (B, K, C).

    change: its answers are changes, to be added to the last value.
    """
    B, C = xs.shape[1:]
    y = readout(lstm_forward(xs, model.cell).h[-1], model.readout).reshape(B, -1, C)
    return y + xs[-1][:, None] if change else y


def forecast_loss(model, batch, *, change=True, warm=3):
    """Mean squared error of the forecasts after every step from `warm` on, and gradients.

    batch: `Windows`. Each step closes a window of its own, so windows of all lengths are
    learned at once.
    """
    xs, ahead = batch
    W, B, C = xs.shape
    trace = lstm_forward(xs, model.cell)
    y = readout(trace.h[1 + warm :], model.readout).reshape(W - warm, B, -1, C)
    said = y + xs[warm:, :, None] if change else y
    loss, dy = mean_squared_error(said, ahead[warm:])
    dhs = np.zeros_like(trace.h[1:])
    dy = dy.reshape(W - warm, B, -1)
    dhs[warm:], dreadout = readout_backward(dy, trace.h[1 + warm :], model.readout)
    return loss, Model(lstm_backward(dhs, trace, model.cell).params, dreadout)


def forecast_training(learn, *, H=16, B=32, rate=0.01, change=True, rng) -> Training:
    """A training of an LSTM on B windows a step, drawn from `Windows`."""
    C, K = learn.xs.shape[2], learn.ahead.shape[2]
    model = Model(init_lstm(C, H, rng=rng), init_readout(H, K * C, rng=rng))

    def batches(rng):
        some = rng.integers(0, learn.xs.shape[1], B)
        return Windows(learn.xs[:, some], learn.ahead[:, some])

    return Training(
        model, lambda p, b: forecast_loss(p, b, change=change), batches, Adam(rate),
        rng=rng, clip=1.0,
    )  # fmt: skip


# ---------------------------------------------------------------- judging


def rms_error(said, ahead) -> np.ndarray:
    """Root of the mean squared error of each horizon: (B, K, C) twice -> (K,) (7.11)."""
    return np.sqrt(((said - ahead) ** 2).mean(axis=(0, 2)))
