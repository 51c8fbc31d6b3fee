"""Symptoms of a model that does not work, and how to tell them apart (notebook 10)."""

import numpy as np

from lstm_core import lstm_backward, lstm_forward, lstm_step, sigmoid, split_gates
from lstm_inside import validate
from lstm_inside.tasks import recall_problem
from lstm_inside.training import (
    Adam,
    Model,
    Training,
    answers,
    check_model,
    clip_by_norm,
    init_readout,
    loss_at_end,
    mean_squared_error,
    readout,
    readout_backward,
)

ACTIVATIONS = ("tanh", "ReLU")


def activated_forward(xs, params, activation="ReLU"):
    """An LSTM with ReLU in tanh's two places: c (T, B, H) and h (T, B, H), infinite or not.

    It computes in the parameters' dtype and goes on past infinity, as frameworks do.
    Raises ValueError or TypeError for another activation and as `lstm_forward` does.
    """
    validate.choice("activation", activation, ACTIVATIONS)
    W_x, W_h, b = params = validate.lstm_params(params)
    (xs,) = validate.sequence(params, xs)
    squash = np.tanh if activation == "tanh" else lambda a: np.maximum(a, 0)
    h = c = np.zeros((xs.shape[1], len(W_h)), W_h.dtype)
    cs, hs = [], []
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for x in xs:
            i, f, g, o = split_gates(x @ W_x + h @ W_h + b)
            c = sigmoid(f) * c + sigmoid(i) * squash(g)
            h = sigmoid(o) * squash(c)
            cs.append(c)
            hs.append(h)
    return np.array(cs), np.array(hs)


def first_infinite(values) -> int | None:
    """The first step (counted from 0) of values (T, ...) with a number that is not finite.

    Raises ValueError or TypeError for no steps, or what are no real numbers.
    """
    values = validate.real("values", values)
    if values.ndim < 1 or not values.size:
        raise ValueError(f"values: expected at least one step, got shape {values.shape}")
    bad = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    return int(bad.argmax()) if bad.any() else None


def shift_scores(said, truth, most):
    """Correlation of said[t] with truth[t - k] for k = 0 ... most, both (T,): (most + 1,).

    A maximum at k = 1 is an echo: the forecast resembles the value before the one it is for.
    Raises ValueError or TypeError for series that do not fit, are constant, or are too short.
    """
    validate.whole("most", most)
    truth = validate.real("truth", truth, ndim=1)
    validate.finite("truth", truth)
    if len(truth) < most + 3:
        raise ValueError(f"truth: expected at least {most + 3} values, got {len(truth)}")
    said = validate.array("said", said, truth.shape, "(T,)", np.float64)
    for name, series in (("said", said), ("truth", truth)):
        if np.ptp(series[most:]) == 0 or np.ptp(series[: len(series) - most]) == 0:
            raise ValueError(f"{name}: expected a series that varies, got a constant")
    end = len(truth)
    return np.array([np.corrcoef(said[k:], truth[: end - k])[0, 1] for k in range(most + 1)])


def forecast_run(series, model, taught):
    """Forecast each next value of a series (T,) or of many (T, B): said[t], of the same shape.

    said[t] is the forecast of the value at t + 1.

    For the first `taught` steps the model reads the true values (teacher forcing); from then on
    it reads its own last answer. model: D = K = 1.
    Raises ValueError or TypeError for a taught outside 1 to T and for another model.
    """
    check_model(model)
    series = validate.real("series", series)
    validate.finite("series", series)
    if series.ndim not in (1, 2) or not series.size:
        raise ValueError(f"series: expected (T,) or (T, B), not empty, got shape {series.shape}")
    validate.whole("taught", taught, most=len(series))
    validate.lstm_params(model.cell)
    columns = series.reshape(len(series), -1)
    h = c = np.zeros((columns.shape[1], len(model.cell.W_h)))
    said = np.empty(columns.shape)
    for t, true in enumerate(columns):
        x = true if t < taught else said[t - 1]
        h, c, _ = lstm_step(x[:, None], h, c, model.cell)
        said[t] = readout(h, model.readout)[:, 0]
    return said.reshape(series.shape)


def forced_error(series, model) -> float:
    """The mean squared error of one-step forecasts of many series (T, B), read as they are.

    Raises ValueError or TypeError for fewer than two steps, no series, and a model of other sizes
    than D = K = 1.
    """
    check_model(model)
    series = validate.real("series", series, ndim=2)
    validate.finite("series", series)
    if len(series) < 2 or not series.shape[1]:
        raise ValueError(f"series: expected (T, B), at least (2, 1), got shape {series.shape}")
    trace = lstm_forward(series[:-1, :, None], model.cell)
    return mean_squared_error(readout(trace.h[1:], model.readout), series[1:, :, None])[0]


def shared_steps(train, test, length) -> float:
    """The share of test windows that overlap a training window in at least one step.

    train, test: the windows' first steps, whole numbers. length: steps a window.
    Raises ValueError or TypeError for no windows or what are no whole numbers.
    """
    validate.count("length", length)
    starts = []
    for name, values in (("train", train), ("test", test)):
        values = validate.real(name, values, ndim=1)
        if values.dtype.kind not in "iu" or not values.size:
            raise TypeError(f"{name}: expected whole numbers, got {validate.describe(values)}")
        if values.min() < 0:
            raise ValueError(f"{name}: expected first steps of at least 0, got {values.min()}")
        starts.append(values.astype(int))
    apart = np.abs(starts[1][:, None] - starts[0][None])
    return float((apart < length).any(axis=1).mean())


def teach_series(series, cell, *, steps=300, rate=0.02, rng):
    """Train one-step forecasts of many series (T, B) by teacher forcing: the model.

    cell: the LSTM's start, D = 1; every step reads the true value and is asked for the next.
    rng draws the read-out. Raises ValueError or TypeError for fewer than two steps in a series,
    steps below 1, a rate not above 0, no Generator, and as `lstm_forward` does.
    """
    series = validate.real("series", series, ndim=2)
    validate.finite("series", series)
    if len(series) < 2:
        raise ValueError(f"series: expected at least two steps, got shape {series.shape}")
    validate.sizes(rng, steps=(steps, 1))
    validate.positive("rate", rate)
    model = Model(validate.lstm_params(cell), init_readout(len(cell.W_h), 1, rng=rng))
    xs, targets, optimiser = series[:-1, :, None], series[1:, :, None], Adam(rate)
    moments = optimiser.start(model)
    for _ in range(steps):
        trace = lstm_forward(xs, model.cell)
        _, dy = mean_squared_error(readout(trace.h[1:], model.readout), targets)
        dhs, dreadout = readout_backward(dy, trace.h[1:], model.readout)
        grads = Model(lstm_backward(dhs, trace, model.cell).params, dreadout)
        model, moments = optimiser.step(model, clip_by_norm(grads, 1.0)[0], moments)
    return model


def spread_of_answers(cell, *, steps, rng):
    """How alike a training's answers are: rows (step, loss, spread of answers, of targets).

    cell: the start, D = 2, learning recall over 20 steps. steps: after how many training steps
    to look, rising. rng draws the read-out and the data, of which 400 sequences judge.
    Raises ValueError or TypeError for steps that do not rise from 0 on, a cell of another D, no
    Generator.
    """
    validate.generator(rng)
    steps = validate.real("steps", steps, ndim=1)
    if (
        steps.dtype.kind not in "iu"
        or not steps.size
        or steps[0] < 0
        or (np.diff(steps) <= 0).any()
    ):
        raise ValueError(f"steps: expected whole numbers that rise from 0 on, got {steps}")
    judge = recall_problem(20, 400, rng=rng)
    model = Model(validate.lstm_params(cell), init_readout(len(cell.W_h), 1, rng=rng))
    run = Training(
        model, loss_at_end, lambda r: recall_problem(20, 32, rng=r), Adam(0.02), rng=rng, clip=1.0
    )
    rows = []
    for step in steps.tolist():
        if step > run.step:
            list(run.steps(step - run.step))
        said = answers(run.params, judge)
        loss, _ = mean_squared_error(said, judge.targets)
        rows.append((step, loss, float(said.std()), float(judge.targets.std())))
    return rows
