"""Layers on layers: the states of one LSTM are the inputs of the next (notebook 10, (10.2))."""

from lstm_core import LSTMGrads, LSTMTrace, lstm_backward, lstm_forward
from lstm_inside import validate


def stack_forward(xs, layers) -> tuple[LSTMTrace, ...]:
    """Run xs (T, B, D) through LSTMs one upon another; a trace a layer, the lowest first.

    layers: a tuple of LSTMParams, each as wide at its input as the layer below has units.
    Raises ValueError or TypeError for no layers, and as `lstm_forward` does.
    """
    check_layers(layers)
    traces = []
    for params in layers:
        traces.append(lstm_forward(xs, params))
        xs = traces[-1].h[1:]
    return tuple(traces)


def stack_backward(dhs, traces, layers) -> tuple[LSTMGrads, ...]:
    """From dhs (T, B, H) of the top layer to every layer's gradients, the lowest first.

    A layer's dL/dxs is the dL/dh that the layer below is handed.
    Raises ValueError or TypeError for traces that do not belong to the layers, and as
    `lstm_backward` does.
    """
    check_layers(layers)
    if not isinstance(traces, tuple) or len(traces) != len(layers):
        raise TypeError(f"traces: expected {len(layers)} traces, got {validate.describe(traces)}")
    grads = []
    for trace, params in zip(reversed(traces), reversed(layers), strict=True):
        grads.append(lstm_backward(dhs, trace, params))
        dhs = grads[-1].xs
    return tuple(reversed(grads))


def check_layers(layers):
    """A tuple of at least one layer's parameters."""
    if not isinstance(layers, tuple) or not layers or not isinstance(layers[0], tuple):
        raise TypeError(f"layers: expected a tuple of LSTMParams, got {validate.describe(layers)}")
    for params in layers:
        validate.lstm_params(params)
