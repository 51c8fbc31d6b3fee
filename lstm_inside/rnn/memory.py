"""What a plain RNN's state keeps: read-outs of past inputs, and bounds on its gradients.

The measures of notebook 02, on top of `lstm_core`'s RNN. NumPy only.
"""

from typing import NamedTuple

import numpy as np

from lstm_core import RNNParams
from lstm_inside import validate

SLOPE_BOUND = {"tanh": 1.0, "sigmoid": 0.25}  # gamma: the steepest the activation gets


def spectral_radius(W) -> float:
    """The largest absolute eigenvalue of a square matrix (H, H) (2.3).

    Raises ValueError or TypeError for what is no square matrix of finite real numbers.
    """
    W = _as_matrix("W", W)
    if W.shape[0] != W.shape[1]:
        raise ValueError(f"W: expected a square matrix (H, H), got shape {W.shape}")
    return float(np.abs(np.linalg.eigvals(W)).max())


def largest_singular_value(W) -> float:
    """The most that W (H, H) can lengthen a vector: its largest singular value (2.6).

    Raises ValueError or TypeError for what is no matrix of finite real numbers.
    """
    return float(np.linalg.norm(_as_matrix("W", W), 2))


def _as_matrix(name, W):
    W = validate.real(name, W, ndim=2)
    if not W.size:
        raise ValueError(f"{name}: expected at least one number, got shape {W.shape}")
    validate.finite(name, W)
    return W


def reservoir(H, strength, *, rng, input_strength=1.0, symmetric=False) -> RNNParams:
    """An RNN with one input, random recurrent weights of a given spectral radius, no bias.

    H: hidden size. strength: the spectral radius of W_h, 0 or more. input_strength: inputs
    enter with weights uniform within plus or minus it. symmetric: W_h = W_h^T, for which
    spectral radius and largest singular value are the same.
    Raises ValueError or TypeError for H below 1, a negative strength, no Generator.
    Source: Jaeger 2001, echo state networks.
    """
    validate.count("H", H)
    validate.generator(rng)
    if not 0 <= float(validate.real("strength", strength, ndim=0)) < np.inf:
        raise ValueError(f"strength: expected a finite number of 0 or more, got {strength}")
    validate.number("input_strength", input_strength)
    W_h = rng.normal(size=(H, H))
    if symmetric:
        W_h = W_h + W_h.T
    W_x = input_strength * rng.uniform(-1, 1, (1, H))
    return RNNParams(W_x, W_h * (strength / spectral_radius(W_h)), np.zeros(H))


class Recall(NamedTuple):
    """What linear read-outs say on steps they were not fitted on; column k is the lag.

    truth, guess (steps, lags + 1): the input of k steps ago, and what is read from the state.
    r2 (lags + 1,): 1 is perfect recall, 0 no better than the mean; negative values, which say
    the same, are put at 0.
    """

    truth: np.ndarray
    guess: np.ndarray
    r2: np.ndarray


def memory_curve(states, inputs, lags, *, ridge=1e-6, train=0.6) -> np.ndarray:
    """R^2 for k = 0 ... lags, (lags + 1,), the `r2` of `recall_inputs` (2.4)."""
    return recall_inputs(states, inputs, lags, ridge=ridge, train=train).r2


def recall_inputs(states, inputs, lags, *, ridge=1e-6, train=0.6) -> Recall:
    """Read the input of k steps ago out of the state, linearly, for every k at once (2.4).

    states: h (T, H); inputs: x (T,), where states[t] has just seen inputs[t].
    lags: the longest k. ridge: the least-squares penalty, which counts like a little noise on
    the states. train: the share of steps that the read-outs are fitted on; they are judged on
    the rest, and those are the steps returned.
    Raises ValueError or TypeError for shapes that do not fit, too few steps, NaN or infinity, a
    penalty below 0, a share outside 0 < train < 1.
    Source: Jaeger 2001, short term memory in echo state networks.
    """
    states = _as_matrix("states", states).astype(float)
    T, H = states.shape
    inputs = validate.array("inputs", inputs, (T,), "(T,)", np.float64)
    validate.count("lags", lags)
    validate.number("ridge", ridge, "a finite number of at least 0", lambda ridge: ridge >= 0)
    validate.number("train", train, "a share, 0 < train < 1", lambda train: 0 < train < 1)
    cut = lags + int(train * (T - lags))
    if cut - lags < 2 * H or T - cut < 10:
        raise ValueError(
            f"states: expected at least {2 * H} steps to fit and 10 to judge after {lags} lags, "
            f"got {cut - lags} and {T - cut}"
        )
    past = np.stack([inputs[lags - k : T - k] for k in range(lags + 1)], axis=1)  # (T-lags, K)
    seen = np.column_stack([states[lags:], np.ones(T - lags)])
    fit, judge = slice(0, cut - lags), slice(cut - lags, None)
    A = seen[fit].T @ seen[fit] + ridge * np.eye(H + 1)
    weights = np.linalg.solve(A, seen[fit].T @ past[fit])
    truth, guess = past[judge], seen[judge] @ weights
    left = ((truth - guess) ** 2).mean(axis=0)
    return Recall(truth, guess, np.maximum(0, 1 - left / truth.var(axis=0)))


def gradient_bound(W_h, steps, gamma=1.0) -> np.ndarray:
    """The most that k steps back can leave of a gradient's length, k = 0 ... steps (2.6).

    (gamma * largest singular value of W_h) ** k: one factor of W_h a step.
    Raises ValueError or TypeError for what is no such matrix, steps or gamma below 0.
    Source: Pascanu, Mikolov & Bengio 2013, section 2.
    """
    W_h = _as_matrix("W_h", W_h)
    validate.whole("steps", steps, least=0)
    validate.number("gamma", gamma, "a finite number of at least 0", lambda gamma: gamma >= 0)
    return (gamma * largest_singular_value(W_h)) ** np.arange(steps + 1)
