"""LSTMs one upon another and in both directions: what notebook 10 and `sequence_explorer` run.

A layer is LSTMParams, or BothParams of two LSTMs that read the same steps from opposite ends.
A network is one layer, or a tuple of layers, the lowest first, as `from_torch` gives it.
"""

from typing import NamedTuple

import numpy as np

from lstm_core import LSTMGrads, LSTMParams, LSTMTrace, RNNParams, lstm_backward, lstm_forward
from lstm_inside import validate


class BothParams(NamedTuple):
    """A layer's cell from the first step to the last, and its cell from the last to the first."""

    ahead: LSTMParams | RNNParams
    back: LSTMParams | RNNParams


class BothTraces(NamedTuple):
    """The run from the first step to the last, and the run from the last step to the first.

    The second trace counts its steps as it met them: its step 1 is the stretch's last.
    """

    ahead: LSTMTrace
    back: LSTMTrace


class BothGrads(NamedTuple):
    """Both cells' gradients, and dL/dxs (T, B, D), to which both runs contribute."""

    ahead: LSTMGrads
    back: LSTMGrads
    xs: np.ndarray


def directions(part) -> tuple:
    """A layer's parameters, trace or gradients by direction: (ahead, back), or (its only one,)."""
    both = isinstance(part, BothParams | BothTraces | BothGrads)
    return (part.ahead, part.back) if both else (part,)


# ---------------------------------------------------------------- two directions


def both_forward(xs, ahead, back) -> BothTraces:
    """Run xs (T, B, D) in both directions with two LSTMs (Schuster & Paliwal 1997).

    Raises ValueError or TypeError as `lstm_forward` does.
    """
    xs = validate.real("xs", xs, ndim=3)
    return BothTraces(lstm_forward(xs, ahead), lstm_forward(xs[::-1], back))


def both_states(traces):
    """What each step knows of both sides: (T, B, 2H), left to right first.

    Raises TypeError for what is no BothTraces.
    """
    check_both(traces)
    return np.concatenate((traces.ahead.h[1:], traces.back.h[:0:-1]), axis=2)


def both_backward(dhs, traces, ahead, back) -> BothGrads:
    """From dhs (T, B, 2H), the derivative with respect to `both_states`, to all gradients.

    Raises ValueError or TypeError as `lstm_backward` does, and for dhs of another shape.
    """
    check_both(traces)
    ahead, back = validate.lstm_params(ahead), validate.lstm_params(back)
    H = len(ahead.W_h)
    T, B, _ = traces.ahead.xs.shape
    dhs = validate.array("dhs", dhs, (T, B, H + len(back.W_h)), "(T, B, 2H)", ahead.W_h.dtype)
    to_ahead = lstm_backward(dhs[..., :H], traces.ahead, ahead)
    to_back = lstm_backward(dhs[::-1, :, H:], traces.back, back)
    return BothGrads(to_ahead, to_back, to_ahead.xs + to_back.xs[::-1])


def check_both(traces):
    """The two traces of `both_forward`."""
    if not isinstance(traces, BothTraces):
        raise TypeError(f"traces: expected BothTraces, got {validate.describe(traces)}")


# ---------------------------------------------------------------- layers


def stack_forward(xs, layers) -> tuple[LSTMTrace | BothTraces, ...]:
    """Run xs (T, B, D) through layers one upon another; a trace a layer, the lowest first.

    A layer reads the states h of the one below, of two directions both side by side.
    Raises ValueError or TypeError for layers that do not fit one another, and as `lstm_forward`
    does.
    """
    traces = []
    for layer in check_layers(layers):
        if isinstance(layer, BothParams):
            traces.append(both_forward(xs, *layer))
            xs = both_states(traces[-1])
        else:
            traces.append(lstm_forward(xs, layer))
            xs = traces[-1].h[1:]
    return tuple(traces)


def stack_backward(dhs, traces, layers) -> tuple[LSTMGrads | BothGrads, ...]:
    """From dhs (T, B, H) of the top layer to every layer's gradients, the lowest first.

    dhs of a top layer of two directions: (T, B, 2H), as `both_backward` takes it. A layer's
    dL/dxs is the dL/dh that the layer below is handed.
    Raises ValueError or TypeError for traces that do not belong to the layers, and as
    `lstm_backward` does.
    """
    layers = check_layers(layers)
    if not isinstance(traces, tuple) or len(traces) != len(layers):
        raise TypeError(f"traces: expected {len(layers)} traces, got {validate.describe(traces)}")
    grads = []
    for trace, layer in zip(reversed(traces), reversed(layers), strict=True):
        if isinstance(layer, BothParams):
            grads.append(both_backward(dhs, trace, *layer))
        else:
            grads.append(lstm_backward(dhs, trace, layer))
        dhs = grads[-1].xs
    return tuple(reversed(grads))


def check_layers(layers, name="layers") -> tuple[LSTMParams | BothParams, ...]:
    """A network as a tuple of its layers, each as wide at its input as what it reads.

    Errors call it `name`, and say of which layer and direction they speak.
    """
    if not isinstance(layers, tuple) or not layers:
        wanted = "LSTMParams, BothParams or a tuple of them"
        raise TypeError(f"{name}: expected {wanted}, got {validate.describe(layers)}")
    if not isinstance(layers[0], tuple):
        return (validate.lstm_params(layers),)
    alone = isinstance(layers, BothParams)
    checked, D = [], None  # the lowest layer may read anything
    for n, layer in enumerate((layers,) if alone else layers):
        place = name if alone else f"{name}[{n}]"
        if isinstance(layer, BothParams):
            ahead, back = (_cell(f"{place}.{way}", cell) for way, cell in layer._asdict().items())
            cells = BothParams(ahead, back)
        else:
            cells = _cell(place, layer)
        for cell in directions(cells):
            D = len(cell.W_x) if D is None else D
            if len(cell.W_x) != D:
                raise ValueError(
                    f"{place}: expected W_x (D, 4H) with D = {D}, got shape {cell.W_x.shape}"
                )
        D = sum(len(cell.W_h) for cell in directions(cells))
        checked.append(cells)
    return tuple(checked)


def _cell(place, params):
    """LSTMParams that stand at this place of a network."""
    if not isinstance(params, tuple) or len(params) != 3:
        got = validate.describe(params)
        raise TypeError(f"{place}: expected LSTMParams(W_x, W_h, b), got {got}")
    return validate.said_of(place, validate.lstm_params, params)
