"""The same weights here and in PyTorch: `to_torch` and `from_torch`, for notebook 09.

PyTorch is optional: this module imports without it, and what needs it says how to get it.
Numbers in brackets, such as (9.1), are the equations of 09_beyond_numpy.
"""

import importlib

import numpy as np

from lstm_core import LSTMParams, RNNParams
from lstm_inside import validate
from lstm_inside.gates import BothParams
from lstm_inside.training import Model, ReadoutParams, check_readout
from lstm_inside.words import say


def __getattr__(name):
    """bridge.MISSING, what a reader without PyTorch is told: said whenever it is looked up."""
    if name == "MISSING":
        return _missing()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _missing():
    return say(
        "PyTorch is not installed here. It is optional; to get it, run "
        "`pip install -r requirements-torch.txt` in the series' folder, then restart the kernel. "
        "In a browser it cannot run: there, use Python on your own machine."
    )


def require_torch():
    """The torch module; without it, an ImportError that says how to install it."""
    try:
        return importlib.import_module("torch")
    except ImportError as error:
        raise ImportError(_missing()) from error


def torch_or_none():
    """The torch module, or None where it is not installed."""
    try:
        return require_torch()
    except ImportError:
        return None


# ---------------------------------------------------------------- there


def to_torch(params):
    """Parameters as a PyTorch module that computes the same (9.1), (9.2), in their dtype.

    RNNParams -> torch.nn.RNN, LSTMParams -> torch.nn.LSTM, ReadoutParams -> torch.nn.Linear;
    a Model -> a module with `.cell` and `.readout` whose call takes xs (T, B, D) and states,
    and returns scores (T, B, K) and states, as torch.nn.LSTM does.

    PyTorch's cells have two biases where one would do. Ours goes into `bias_ih_l0`;
    `bias_hh_l0` is 0 and does not learn (`requires_grad` is off): with two biases that both
    learn, their sum would move twice as far in every step.
    Raises TypeError or ValueError for what is no such parameters, ImportError without PyTorch.
    """
    torch = require_torch()
    kind = validate.of_kind("params", params, LSTMParams, RNNParams, ReadoutParams, Model)
    if kind is Model:
        return _network(torch, to_torch(params.cell), to_torch(params.readout))
    if kind is ReadoutParams:
        return _linear(torch, params)
    if kind is LSTMParams:
        return _cell(torch, torch.nn.LSTM, validate.lstm_params(params))
    return _cell(torch, torch.nn.RNN, validate.rnn_params(params))


def _cell(torch, kind, params):
    D, H = len(params.W_x), len(params.W_h)
    module = kind(D, H, dtype=_tensor(torch, params.b).dtype)
    _fill(torch, module.weight_ih_l0, params.W_x.T)  # (9.1)
    _fill(torch, module.weight_hh_l0, params.W_h.T)
    _fill(torch, module.bias_ih_l0, params.b)  # (9.2)
    _fill(torch, module.bias_hh_l0, np.zeros_like(params.b))
    module.bias_hh_l0.requires_grad_(False)
    return module


def _linear(torch, params):
    W_y = np.asarray(params.W_y)
    _, (W_y, b_y) = check_readout(np.zeros(len(W_y)), params)
    module = torch.nn.Linear(*W_y.shape, dtype=_tensor(torch, W_y).dtype)
    _fill(torch, module.weight, W_y.T)
    _fill(torch, module.bias, b_y)
    return module


def _network(torch, cell, readout):
    class Network(torch.nn.Module):
        """A recurrent cell and a linear read-out of every step's hidden state."""

        def __init__(self):
            super().__init__()
            self.cell, self.readout = cell, readout

        def forward(self, xs, states=None):
            hs, states = self.cell(xs, states)
            return self.readout(hs), states

    return Network()


def _tensor(torch, array):
    return torch.from_numpy(np.array(array, order="C"))  # a copy of its own


def _fill(torch, parameter, array):
    with torch.no_grad():
        parameter.copy_(_tensor(torch, array))


# ---------------------------------------------------------------- and back


def from_torch(module):
    """The parameters of a PyTorch module, as copies: the way back from `to_torch`.

    torch.nn.LSTM -> LSTMParams, torch.nn.RNN -> RNNParams, torch.nn.Linear -> ReadoutParams,
    a module with `.cell` and `.readout` -> Model. The two biases are added up (9.2): only
    their sum is ever used. A module without biases gets zeros.
    An LSTM or RNN of two directions -> BothParams(ahead, back), of several layers -> a tuple of
    what each of them is, the lowest first: `stack_forward` and `sequence_explorer` take it. What
    PyTorch drops between layers while it trains (`dropout`) is no parameter.
    Raises ValueError for a projection, a ReLU, or a Model's cell of more than one layer or
    direction, TypeError for another kind of module, ImportError without PyTorch.
    """
    return _read(require_torch(), module, _value)


def gradients_from_torch(module):
    """The gradients that a backward pass left in a module, in the form of `from_torch`.

    The bias's is that of `bias_ih`: each of two summed biases has the same derivative.
    Raises ValueError where a gradient is missing, and as `from_torch` does.
    """
    return _read(require_torch(), module, _gradient)


def _read(torch, module, take):
    """A module's parameters in our form; take(module, name) gives an array of one of them."""
    if isinstance(module, torch.nn.Linear):
        W_y = take(module, "weight").T.copy()
        none = module.bias is None
        return ReadoutParams(W_y, np.zeros_like(W_y[0]) if none else take(module, "bias"))
    if isinstance(module, torch.nn.LSTM | torch.nn.RNN):
        _check(module, proj_size=0, nonlinearity="tanh")
        kind = LSTMParams if isinstance(module, torch.nn.LSTM) else RNNParams
        layers = tuple(_layer(module, kind, n, take) for n in range(module.num_layers))
        return layers if len(layers) > 1 else layers[0]
    if hasattr(module, "cell") and hasattr(module, "readout"):
        _check(module.cell, num_layers=1, bidirectional=False)  # what a Model runs
        return Model(_read(torch, module.cell, take), _read(torch, module.readout, take))
    raise TypeError(
        "module: expected torch.nn.LSTM, torch.nn.RNN, torch.nn.Linear or one with .cell and "
        f".readout, got {type(module).__name__}"
    )


def _layer(module, kind, n, take):
    """Layer n of a recurrent module, the lowest is 0: parameters, or those of two directions."""
    ways = (f"l{n}", f"l{n}_reverse") if module.bidirectional else (f"l{n}",)
    cells = [_cell_from(module, kind, way, take) for way in ways]
    return BothParams(*cells) if module.bidirectional else cells[0]


def _cell_from(module, kind, way, take):
    W_x, W_h = (take(module, f"weight_{x}_{way}").T.copy() for x in ("ih", "hh"))  # (9.1)
    b = take(module, f"bias_ih_{way}") if module.bias else np.zeros_like(W_x[0])
    if module.bias and take is _value:
        b += take(module, f"bias_hh_{way}")  # (9.2)
    return kind(W_x, W_h, b)


def _check(module, **wanted):
    """Whether a module is set up as wanted; what its kind does not have is."""
    for name, value in wanted.items():
        got = getattr(module, name, value)
        if got != value:
            raise ValueError(f"module: expected {name} = {value}, got {got}")


def _value(module, name):
    return getattr(module, name).detach().cpu().numpy().copy()


def _gradient(module, name):
    gradient = getattr(module, name).grad
    if gradient is None:
        raise ValueError(f"module: expected a gradient, got none: {name} has no gradient yet")
    return gradient.detach().cpu().numpy().copy()
