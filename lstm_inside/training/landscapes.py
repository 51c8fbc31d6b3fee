"""Two losses over two weights that can be drawn: a bowl, and a canyon with a cliff."""

import numpy as np

from lstm_inside import validate

from .losses import mean_squared_error
from .model import ReadoutParams, readout, readout_backward

POINTS = np.linspace(-2.5, 5.5, 20)[:, None]  # 20 inputs of a read-out with one weight
ANSWERS = 1.0 * POINTS - 0.5
CLIFF_STEPS = 10  # time steps of the one-unit RNN
CLIFF_START = 0.5  # its first state; the wish is 0 at the end


def bowl(params: ReadoutParams):
    """Loss and gradient of the read-out y = w x + b on 20 points: a bowl over (w, b).

    Raises ValueError or TypeError for what is no read-out of one weight and one bias.
    """
    loss, dy = mean_squared_error(readout(POINTS, params), ANSWERS)
    return loss, readout_backward(dy, POINTS, params)[1]


def bowl_curvatures() -> np.ndarray:
    """The bowl's two curvatures, the steep one last: SGD diverges above 2 / the steep one."""
    x = POINTS[:, 0]
    return np.linalg.eigvalsh(2 * np.array([[(x**2).mean(), x.mean()], [x.mean(), 1]]))


def cliff(w, b):
    """Loss h_T^2 and gradient (2, N) of N one-unit RNNs h = tanh(w h + b); w, b (N,) floats.

    Raises ValueError or TypeError for rows that are not of one length, NaN or infinity.
    """
    w, b = _weights("w", w), _weights("b", b)
    if w.shape != b.shape:
        raise ValueError(f"b: expected the shape of w, {w.shape}, got {b.shape}")
    # 02's forward and 04's backward pass, of one number each: a view takes hundreds at a touch.
    hs = [np.full(len(w), CLIFF_START)]
    for _ in range(CLIFF_STEPS):
        hs.append(np.tanh(w * hs[-1] + b))
    dh, dw, db = 2 * hs[-1], np.zeros(len(w)), np.zeros(len(w))
    for h_prev, h in zip(hs[-2::-1], hs[:0:-1], strict=True):
        da = dh * (1 - h**2)
        dw, db, dh = dw + da * h_prev, db + da, da * w
    return hs[-1] ** 2, np.array([dw, db])


def cliff_descents(ws, *, rate, limit=np.inf, steps=100):
    """SGD (5.5) on `cliff` from several w (N,) at once, all from b = 0.2: places, lengths.

    limit: to what length each gradient is clipped (5.8), one for all or (N,); infinity: not at
    all. Returns the places (steps + 1, 2, N), w and b, and how long each gradient met was before
    clipping, (steps, N).
    Raises ValueError or TypeError for starts that are no row of finite numbers, a rate or a limit
    not above 0, limits of another number than the starts, fewer than 1 step.
    """
    ws = _weights("ws", ws)
    validate.positive("rate", rate)
    validate.count("steps", steps)
    limit = validate.real("limit", limit)
    if limit.shape not in ((), ws.shape) or not (limit > 0).all():
        raise ValueError(f"limit: expected numbers above 0, one or {len(ws)}, got {limit}")
    place = np.stack([ws, np.full(len(ws), 0.2)])
    places, met = [place], []
    for _ in range(steps):
        grads = cliff(*place)[1]
        lengths = np.hypot(*grads)
        met.append(lengths)
        place = place - rate * grads * np.minimum(1, limit / np.maximum(lengths, 1e-300))
        places.append(place)
    return np.array(places), np.array(met)


def _weights(name, weights):
    weights = validate.real(name, weights, ndim=1).astype(float)
    if not weights.size:
        raise ValueError(f"{name}: expected at least one number, got none")
    validate.finite(name, weights)
    return weights
