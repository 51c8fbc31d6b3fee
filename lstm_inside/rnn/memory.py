"""What a plain RNN's state keeps: read-outs of past inputs, and bounds on its gradients.

The measures of notebook 02, on top of `lstm_core`'s RNN. NumPy only.
"""

from typing import NamedTuple

import numpy as np

from lstm_core import RNNParams, rnn_backward, rnn_forward
from lstm_inside import validate
from lstm_inside.page.measure import lengths
from lstm_inside.tasks import recall_problem

SLOPE_BOUND = {"tanh": 1.0, "sigmoid": 0.25}  # gamma: the steepest the activation gets


def spectral_radius(W) -> float:
    """The largest absolute eigenvalue of a square matrix (H, H) (2.4).

    Raises ValueError or TypeError for what is no square matrix of finite real numbers.
    """
    W = _as_matrix("W", W)
    if W.shape[0] != W.shape[1]:
        raise ValueError(f"W: expected a square matrix (H, H), got shape {W.shape}")
    return float(np.abs(np.linalg.eigvals(W)).max())


def largest_singular_value(W) -> float:
    """The most that W (H, H) can lengthen a vector: its largest singular value (2.8).

    Raises ValueError or TypeError for what is no matrix of finite real numbers.
    """
    return float(np.linalg.norm(_as_matrix("W", W), 2))


def _as_matrix(name, W):
    W = validate.real(name, W, ndim=2)
    if not W.size:
        raise ValueError(f"{name}: expected at least one number, got shape {W.shape}")
    validate.finite(name, W)
    return W


# ---------------------------------------------------------------- networks whose state is measured


def reservoir(H, strength, *, rng, D=1, input_strength=1.0, kind="random") -> RNNParams:
    """An RNN with random weights that nothing trains, and no bias.

    H: hidden size. strength: the spectral radius of W_h, 0 or more. D: input size.
    input_strength: inputs enter with weights uniform within plus or minus it.
    kind: "random"; "symmetric", W_h = W_h^T, for which spectral radius and largest singular
    value are the same; "orthogonal", which changes the length of every vector by `strength`;
    "identity", where each unit feeds itself alone, with weight `strength`.
    Raises ValueError or TypeError for H or D below 1, a negative strength, an unknown kind, no
    Generator.
    Source: Jaeger 2001, echo state networks.
    """
    validate.count("H", H)
    validate.count("D", D)
    validate.generator(rng)
    if not 0 <= float(validate.real("strength", strength, ndim=0)) < np.inf:
        raise ValueError(f"strength: expected a finite number of 0 or more, got {strength}")
    validate.number("input_strength", input_strength)
    validate.choice("kind", kind, _RECURRENT)
    W_h = _RECURRENT[kind](rng.normal(size=(H, H)))
    W_x = input_strength * rng.uniform(-1, 1, (D, H))
    return RNNParams(W_x, W_h * (strength / spectral_radius(W_h)), np.zeros(H))


_RECURRENT = {
    "random": lambda W: W,
    "symmetric": lambda W: W + W.T,
    "orthogonal": lambda W: np.linalg.qr(W)[0],
    "identity": lambda W: np.eye(len(W)),
}


def delay_line(H, *, D=1, strength=1.0, input_strength=0.05) -> RNNParams:
    """An RNN whose units hand their values on: unit 0 takes the first input, unit n + 1 unit n.

    H: hidden size, the number of steps that a value stays. D: input size; only the first of the
    inputs enters. strength: the weight from unit to unit. input_strength: the weight of the
    input; while values are small, tanh(a) is nearly a and nothing is bent.
    Raises ValueError or TypeError for H or D below 1 and for weights that are no finite numbers.
    """
    validate.count("H", H)
    validate.count("D", D)
    validate.number("strength", strength)
    validate.number("input_strength", input_strength)
    W_x = np.zeros((D, H))
    W_x[0, 0] = input_strength
    return RNNParams(W_x, strength * np.eye(H, k=1), np.zeros(H))


def door_and_store(keep=1.0, gain=0.01) -> RNNParams:
    """An RNN with two units that does recall: a door that the flag opens, and a store (D = 2).

    Unit 0, the door, sums x / 2 - 6 and 6 more with the flag. Unit 1, the store, keeps `keep` of
    itself and adds `gain` times the door's value of the step before; its bias is `gain`, so that a
    shut door, at -1, adds nothing.
    Raises ValueError or TypeError for what are no finite numbers.
    """
    validate.number("keep", keep, "a finite number", lambda keep: True)
    validate.number("gain", gain, "a finite number", lambda gain: True)
    W_x = np.array([[0.5, 0.0], [6.0, 0.0]])
    W_h = np.array([[0.0, gain], [0.0, keep]])
    return RNNParams(W_x, W_h, np.array([-6.0, gain]))


# ---------------------------------------------------------------- reading the state


def fit_readout(states, wanted, *, ridge=1e-6) -> np.ndarray:
    """The weights (H + 1, K) of the best linear read-out: least squares, the last row the bias.

    states (N, H): a state an example; wanted (N, K): what should be read from it. ridge: the
    penalty on large weights, which counts like a little noise on the states.
    Raises ValueError or TypeError for shapes that do not fit, NaN or infinity, a penalty below 0,
    fewer than 2 H examples.
    """
    states = _as_matrix("states", states).astype(float)
    N, H = states.shape
    wanted = validate.real("wanted", wanted, ndim=2)
    wanted = validate.array("wanted", wanted, (N, wanted.shape[1]), "(N, K)", np.float64)
    validate.number("ridge", ridge, "a finite number of at least 0", lambda ridge: ridge >= 0)
    if N < 2 * H:
        raise ValueError(f"states: expected at least 2 H = {2 * H} examples, got {N}")
    seen = np.column_stack([states, np.ones(N)])
    return np.linalg.solve(seen.T @ seen + ridge * np.eye(H + 1), seen.T @ wanted)


def read(states, weights) -> np.ndarray:
    """What a linear read-out says: states (N, H) times weights (H + 1, K), plus the bias: (N, K).

    Raises ValueError or TypeError for shapes that do not fit, NaN or infinity.
    """
    weights = _as_matrix("weights", weights)
    states = _as_matrix("states", states)
    if states.shape[1] != len(weights) - 1:
        raise ValueError(f"states: expected shape (N, {len(weights) - 1}), got {states.shape}")
    return states @ weights[:-1] + weights[-1]


def r_squared(truth, guess) -> np.ndarray:
    """R^2 of every column (2.3): 1 is perfect, 0 as good as the mean, below 0 worse than that.

    truth, guess (N, K): what was to be said and what was said.
    Raises ValueError or TypeError for shapes that do not fit, NaN or infinity.
    """
    truth = _as_matrix("truth", truth).astype(float)
    guess = validate.array("guess", guess, truth.shape, "(N, K)", np.float64)
    return 1 - ((truth - guess) ** 2).mean(axis=0) / truth.var(axis=0)


class Recall(NamedTuple):
    """What linear read-outs say on steps they were not fitted on; column k is the lag.

    truth, guess (steps, lags + 1): the input of k steps ago, and what is read from the state.
    r2 (lags + 1,): R^2; a little below 0 where nothing is left, for a read-out fitted to noise
    says worse than the mean.
    """

    truth: np.ndarray
    guess: np.ndarray
    r2: np.ndarray

    @property
    def capacity(self) -> float:
        """The memory capacity: R^2 added up over all lags, where negative ones count as 0."""
        return float(np.maximum(0, self.r2).sum())


def recall_inputs(states, inputs, lags, *, ridge=1e-6, train=0.6) -> Recall:
    """Read the input of k steps ago out of the state, linearly, for every k at once (2.5).

    states: h (T, H); inputs: x (T,), where states[t] has just seen inputs[t].
    lags: the longest k. ridge: as in `fit_readout`. train: the share of steps that the
    read-outs are fitted on; they are judged on the rest, and those are the steps returned.
    Raises ValueError or TypeError for shapes that do not fit, too few steps, NaN or infinity, a
    penalty below 0, a share outside 0 < train < 1.
    Source: Jaeger 2001, short term memory in echo state networks.
    """
    states = _as_matrix("states", states)
    T, H = states.shape
    inputs = validate.array("inputs", inputs, (T,), "(T,)", np.float64)
    validate.count("lags", lags)
    validate.number("train", train, "a share, 0 < train < 1", lambda train: 0 < train < 1)
    cut = lags + int(train * (T - lags))
    if cut - lags < 2 * H or T - cut < 10:
        raise ValueError(
            f"states: expected at least {2 * H} steps to fit and 10 to judge after {lags} lags, "
            f"got {cut - lags} and {T - cut}"
        )
    past = np.stack([inputs[lags - k : T - k] for k in range(lags + 1)], axis=1)  # (T-lags, K)
    fit, judge = slice(0, cut - lags), slice(cut - lags, None)
    weights = fit_readout(states[lags:][fit], past[fit], ridge=ridge)
    truth, guess = past[judge], read(states[lags:][judge], weights)
    return Recall(truth, guess, r_squared(truth, guess))


def memory_curve(params, *, rng, noise=0.0, steps=900, lags=60) -> Recall:
    """What a network's state holds of random inputs within plus or minus 1 (2.5).

    params: an RNN's with D = 1. noise: the standard deviation of what is added to every unit's sum
    at every step. steps, lags: how many inputs come, and the longest k that is asked for.
    Raises ValueError or TypeError as `rnn_forward` and `recall_inputs` do, for a noise below 0 and
    for no Generator.
    """
    validate.generator(rng)
    validate.count("steps", steps)
    validate.number("noise", noise, "a finite number of at least 0", lambda noise: noise >= 0)
    inputs = rng.uniform(-1, 1, steps)
    h = _disturbed(inputs[:, None, None], params, noise, rng)
    return recall_inputs(h[1:, 0], inputs, lags)


def _disturbed(xs, params, noise, rng):
    """The states of a network whose units' sums are disturbed: h (T + 1, B, H)."""
    if not noise:
        return rnn_forward(xs, params).h
    H = len(params.W_h)  # the noise comes in as one more input for each unit
    wide = params._replace(W_x=np.concatenate([params.W_x, noise * np.eye(H)]))
    return rnn_forward(np.concatenate([xs, rng.normal(size=(*xs.shape[:2], H))], 2), wide).h


def recall_score(params, T, *, rng, places=None, count=4000, noise=0.0) -> float:
    """R^2 of recall, read linearly from the last state (2.3), judged on fresh sequences.

    params: an RNN's with D = 2 (number and flag). T, places: as in `recall_problem`. count: how
    many sequences the read-out is fitted on, and as many others it is judged on. noise: the
    standard deviation of what is added to every unit's sum at every step.
    Raises ValueError or TypeError as `recall_problem`, `rnn_forward` and `fit_readout` do, and for
    a noise below 0.
    """
    validate.count("count", count)
    validate.number("noise", noise, "a finite number of at least 0", lambda noise: noise >= 0)
    fit, judge = (recall_problem(T, count, rng=rng, places=places) for _ in range(2))

    def last_state(xs):
        return _disturbed(xs, params, noise, rng)[-1]

    weights = fit_readout(last_state(fit.xs), fit.targets)
    return float(r_squared(judge.targets, read(last_state(judge.xs), weights))[0])


# ---------------------------------------------------------------- gradients


def gradient_lengths(xs, params, h0=None) -> np.ndarray:
    """How long the gradient is, k = 0 ... T steps back (2.7): (T + 1, B).

    The loss is the sum of the last state divided by sqrt(H), so that the gradient starts with
    length 1. xs (T, B, D), params and h0 (B, H) as in `rnn_forward`.
    Raises ValueError or TypeError as that does.
    """
    trace = rnn_forward(xs, params, h0)
    dhs = np.zeros_like(trace.h[1:])
    dhs[-1] = 1 / np.sqrt(dhs.shape[2])
    return lengths(rnn_backward(dhs, trace, params).h, axis=2)[::-1]


def nudge_lengths(xs, params, h0=None) -> np.ndarray:
    """How long a nudge of h_0 is, k = 0 ... T steps on (2.7): (T + 1, B).

    The nudge starts with length 1, an equal share in every unit; it is followed as a derivative,
    so it stays as small as one likes. xs (T, B, D), params and h0 (B, H) as in `rnn_forward`.
    Raises ValueError or TypeError as that does.
    """
    h = rnn_forward(xs, params, h0).h
    nudges = np.empty_like(h)
    nudges[0] = 1 / np.sqrt(h.shape[2])
    for t in range(1, len(h)):
        nudges[t] = (nudges[t - 1] @ params.W_h) * (1 - h[t] ** 2)
    return lengths(nudges, axis=2)


def gradient_bound(W_h, steps, gamma=1.0) -> np.ndarray:
    """The most that k steps back can leave of a gradient's length, k = 0 ... steps (2.8).

    (gamma * largest singular value of W_h) ** k: one factor of W_h a step.
    Raises ValueError or TypeError for what is no such matrix, steps or gamma below 0.
    Source: Pascanu, Mikolov & Bengio 2013, section 2.
    """
    W_h = _as_matrix("W_h", W_h)
    validate.whole("steps", steps, least=0)
    validate.number("gamma", gamma, "a finite number of at least 0", lambda gamma: gamma >= 0)
    return (gamma * largest_singular_value(W_h)) ** np.arange(steps + 1)
