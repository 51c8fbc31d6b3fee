"""A published answer key for an LSTM's backward pass, and its exercise (notebook 04)."""

import numpy as np

from lstm_core import LSTMParams, lstm_forward
from lstm_inside import validate
from lstm_inside.bptt.faults import PATIENTS, Point

# What the "expected output" of an online course's exercise says (deeplearning.ai, Sequence Models,
# week 1, "Building a Recurrent Neural Network - Step by Step"), first and after a correction. The
# first key can be read in public copies of version 3 of the exercise, as in the repository
# github.com/sagarnildass/andrew_ng_deep_learning, folder course_5_sequence_models/week1.
# It prints an entry of each bias, too; only dbf fits a pass of ours, the one that carries nothing.
FIRST_KEY = {
    "dx[1][2]": (-0.00173313, 0.08287442, -0.30545663, -0.43281115),
    "da0[2][3]": (-0.095911501954,),
    "dWf[3][1]": (-0.0698198561274,),
    "dWi[1][2]": (0.102371820249,),
    "dWc[3][1]": (-0.0624983794927,),
    "dWo[1][2]": (0.0484389131444,),
}
FIRST_BIASES = {
    "dbf[4]": (-0.0565788,),
    "dbi[4]": (-0.06997391,),
    "dbc[4]": (-0.27441821,),
    "dbo[4]": (0.16532821,),
}
SECOND_KEY = {
    "dx[1][2]": (0.00218254, 0.28205375, -0.48292508, -0.43281115),
    "da0[2][3]": (0.312770310257,),
    "dWf[3][1]": (-0.0809802310938,),
    "dWi[1][2]": (0.40512433093,),
    "dWc[3][1]": (-0.0793746735512,),
    "dWo[1][2]": (0.038948775763,),
}


def course_exercise() -> tuple[Point, np.ndarray]:
    """What the keys belong to, in our layout: a Point with T = 4, B = 10, D = 3, H = 5, and dhs.

    The exercise draws them with NumPy's old generator from seed 1, features first: x (D, B, T),
    a gate's W (H, H + D) for [h, x] in the order f, i, o, candidate. Its keys name places there.
    """
    draw = np.random.RandomState(1).randn
    x, a0 = draw(3, 10, 7), draw(5, 10)
    f, i, o, g = ((draw(5, 8), draw(5, 1)) for _ in range(4))
    W = np.concatenate([gate[0] for gate in (i, f, g, o)]).T  # (H + D, 4H), blocks i, f, g, o
    b = np.concatenate([gate[1][:, 0] for gate in (i, f, g, o)])
    dhs = draw(5, 10, 4).transpose(2, 1, 0)
    xs = x.transpose(2, 1, 0)[: len(dhs)]  # the loss reads the first four steps only
    return Point(W[5:], W[:5], b, xs, a0.T, np.zeros_like(a0.T)), dhs


def in_course_layout(grads) -> dict[str, np.ndarray]:
    """The entries of a gradient that the answer keys name, under the names that they have there.

    grads: the Point that a backward pass returned for `course_exercise`.
    Raises TypeError for what is no Point, ValueError for one of other sizes.
    """
    if not isinstance(grads, Point):
        raise TypeError(f"grads: expected a Point, got {validate.describe(grads)}")
    validate.array("W_h", grads.W_h, (5, 20), "(5, 20)", float)
    gates = np.split(grads.W_h, 4, axis=1)
    place = {"dWi[1][2]": (0, 1, 2), "dWf[3][1]": (1, 3, 1), "dWc[3][1]": (2, 3, 1),
             "dWo[1][2]": (3, 1, 2)}  # fmt: skip
    named = {"dx[1][2]": grads.xs[:, 2, 1], "da0[2][3]": grads.h0[3, 2:3]}
    named |= {name: gates[n][column, [unit]] for name, (n, unit, column) in place.items()}
    biases = np.split(grads.b, 4)
    named |= {f"db{name}[4]": biases["ifco".index(name)][[4]] for name in "fico"}
    return {name: named[name] for name in FIRST_KEY | FIRST_BIASES}


def patients_with(key) -> str:
    """Letters of the patients whose gradient of `course_exercise` has every entry of a key.

    key: FIRST_KEY, FIRST_BIASES, SECOND_KEY or another of their places, each to within 1e-8.
    Raises TypeError for what is no dict, ValueError for a place that `in_course_layout` lacks.
    """
    if not isinstance(key, dict):
        raise TypeError(f"key: expected a dict like FIRST_KEY, got {validate.describe(key)}")
    exercise, dhs = course_exercise()
    params = LSTMParams(*exercise[:3])
    trace = lstm_forward(exercise.xs, params, exercise.h0, exercise.c0)
    for place in key:
        validate.choice("key", place, FIRST_KEY | FIRST_BIASES)
    agree = []
    for letter, backward in PATIENTS.items():
        given = in_course_layout(backward(dhs, trace, params))
        if all(np.allclose(given[place], key[place], rtol=0, atol=1e-8) for place in key):
            agree.append(letter)
    return " ".join(agree)
