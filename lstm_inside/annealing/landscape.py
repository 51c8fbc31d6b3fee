"""A loss one can see: one tanh unit that is to hold the sign of its start (notebook 06)."""

import numpy as np

from lstm_inside import validate

_LONG, _STARTS = 10, np.array([[0.5], [-0.5]])  # steps; the states to be held
_WISH, _EVEN = 0.8, 0.75  # what to answer with the start's sign; how many lengths are even
LOW, HIGH = np.array([-3.0, -1.5]), np.array([3.0, 1.5])  # the corners of the map (w, b)
HERE = np.array([-1.8, 0.6])  # where every walk sets out: the slope of the wrong valley


def valley_loss(places):
    """Loss (K,) of K one-unit RNNs (w, b), rows of (K, 2): hold the sign of the start.

    The answer 0.8 with the sign of h_0 is due after 10 steps in three quarters of the cases,
    after 9 in one quarter. Keeping the sign (w > 1) is right for both, turning it at every
    step (w < -1) for the even length only: two valleys, one of them too high.
    Raises ValueError or TypeError for places that are not (K, 2), NaN or infinity.
    """
    w, b = _checked(places).T
    h = np.repeat(_STARTS, len(w), axis=1)
    for _ in range(_LONG):  # one unit needs no matrix: 5 times as fast as `rnn_forward`
        before = h
        h = w * h
        h += b
        np.tanh(h, out=h)
    wish = _WISH * np.sign(_STARTS)
    return (_EVEN * (h - wish) ** 2 + (1 - _EVEN) * (before - wish) ** 2).sum(axis=0) / 2


def valley_gradient(places):
    """Gradient (K, 2) of `valley_loss` with respect to (w, b), by a backward pass of one unit.

    Raises as `valley_loss` does.
    """
    w, b = _checked(places).T
    hs = [np.repeat(_STARTS, len(w), axis=1)]
    for _ in range(_LONG):
        hs.append(np.tanh(w * hs[-1] + b))
    last, before = (h - _WISH * np.sign(_STARTS) for h in (hs[-1], hs[-2]))
    dw, db = np.zeros((2, len(w)))
    dh = _EVEN * last  # 2 / 2: a square's slope, a mean of two
    for t in reversed(range(_LONG)):
        da = dh * (1 - hs[t + 1] ** 2)
        dw += (da * hs[t]).sum(axis=0)
        db += da.sum(axis=0)
        dh = da * w
        if t == _LONG - 1:
            dh += (1 - _EVEN) * before
    return np.stack([dw, db], axis=1)


def valley_map(columns=121, rows=61):
    """The loss over the whole map, (rows, columns), b upwards and w to the right.

    Raises ValueError or TypeError for counts below 1.
    """
    validate.count("columns", columns)
    validate.count("rows", rows)
    ws, bs = (np.linspace(a, b, n) for a, b, n in zip(LOW, HIGH, (columns, rows), strict=True))
    return np.array([valley_loss(np.stack([ws, np.full(columns, b)], axis=1)) for b in bs])


def descent_path(start=HERE, rate=0.1, count=300) -> np.ndarray:
    """Where gradient descent stands after each of `count` steps on `valley_loss`, (count + 1, 2).

    Raises ValueError or TypeError for a start that is not (2,), a rate not above 0, a count
    below 1.
    """
    validate.positive("rate", rate)
    validate.count("count", count)
    validate.real("start", start, ndim=1)
    places = [np.asarray(start, dtype=float)[None]]
    for _ in range(count):
        places.append(places[-1] - rate * valley_gradient(places[-1]))
    return np.concatenate(places)


def walled(loss):
    """The loss with a wall around the map: a candidate outside is never taken.

    loss: (K, 2) -> (K,). Raises TypeError for no function.
    """
    validate.function("loss", loss)

    def within(places):
        inside = np.clip(places, LOW, HIGH)
        return np.where((inside == places).all(axis=1), loss(inside), 1e3)

    return within


def _checked(places):
    places = validate.real("places", places, ndim=2)
    if places.shape[1] != 2:
        raise ValueError(f"places: expected (K, 2), w and b, got {places.shape}")
    validate.finite("places", places)
    return places
