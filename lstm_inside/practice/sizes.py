"""Which axis is which, and how many numbers a layer has (notebook 10, (10.1))."""

from lstm_inside import validate

GATES_OF = {"RNN": 1, "GRU": 3, "LSTM": 4}


def layer_size(D, H, kind="LSTM", biases=1) -> int:
    """How many parameters a recurrent layer has: blocks * H (D + H + biases) (10.1).

    D, H: input size and hidden size. kind: one of GATES_OF. biases: 1, or 2 as PyTorch keeps.
    Raises ValueError or TypeError for anything else.
    """
    validate.count("D", D)
    validate.count("H", H)
    validate.choice("kind", kind, GATES_OF)
    validate.whole("biases", biases, least=1, most=2)
    return GATES_OF[kind] * H * (D + H + biases)


def array_shapes(T, B, D, H) -> dict:
    """The shape of every array of an LSTM's run: name -> tuple.

    Raises ValueError or TypeError for sizes below 1.
    """
    for name, size in (("T", T), ("B", B), ("D", D), ("H", H)):
        validate.count(name, size)
    return {
        "xs": (T, B, D), "h": (T + 1, B, H), "c": (T + 1, B, H),
        "W_x": (D, 4 * H), "W_h": (H, 4 * H), "b": (4 * H,),
    }  # fmt: skip
