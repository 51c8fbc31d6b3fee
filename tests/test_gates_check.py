"""Checkers of notebook 03: right forms are accepted, wrong ones refused with the right hint."""

import numpy as np
import pytest

from lstm_core import LSTMParams, init_lstm, lstm_step, sigmoid, split_gates
from lstm_inside.gates import LATCH, check, latch
from lstm_inside.page import Verdict


def blocks(x, h_prev, p):
    return split_gates(x @ p.W_x + h_prev @ p.W_h + p.b)


def gates(x, h_prev, p):
    i, f, g, o = blocks(x, h_prev, p)
    return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)


def gates_by_loop(x, h_prev, p):
    H = len(p.W_h)
    out = []
    for n, act in enumerate((sigmoid, sigmoid, np.tanh, sigmoid)):
        s = slice(n * H, (n + 1) * H)
        out.append(act(np.dot(x, p.W_x[:, s]) + np.dot(h_prev, p.W_h[:, s]) + p.b[s]))
    return out


def gates_by_core(x, h_prev, p):
    return lstm_step(x, h_prev, np.ones_like(h_prev), p)[2][3:7]


def gates_by_tanh(x, h_prev, p):
    i, f, g, o = blocks(x, h_prev, p)
    return [(1 + np.tanh(a / 2)) / 2 for a in (i, f)] + [np.tanh(g), (1 + np.tanh(o / 2)) / 2]


def gates_in_place(x, h_prev, p):
    x *= 2
    return gates(x / 2, h_prev, p)


def gates_with_a_bug(x, h_prev, p):
    a = blocks(x, h_prev, p)
    return a + missing  # noqa: F821


fed_back = LATCH._replace(W_h=np.full((1, 4), 0.01))
shows_what_comes_in = LATCH._replace(W_x=LATCH.W_x + np.array([[0, 0, 0, 2.0], [0, 0, 0, 0]]))
transposed = LATCH._replace(W_x=LATCH.W_x.T)

RIGHT = [
    (check.gates, gates),
    (check.gates, gates_by_loop),
    (check.gates, gates_by_core),
    (check.gates, gates_by_tanh),
    (check.bias_for_half_life, lambda k: np.log(0.5 ** (1 / k) / (1 - 0.5 ** (1 / k)))),
    (check.bias_for_half_life, lambda k: -np.log(2 ** (1 / k) - 1)),
    (check.bias_for_half_life, lambda k: 2 * np.arctanh(2 * 0.5 ** (1 / k) - 1)),
    (check.bias_for_half_life, lambda k: float(-np.log(np.expm1(np.log(2) / k)))),
    (check.gates, lambda x, h, p: np.array(gates(x, h, p))),  # (4, B, H)
    (check.latch, LATCH),
    (check.latch, lambda: LATCH),
    (check.latch, tuple(part.tolist() for part in LATCH)),
    (check.latch, LSTMParams(*(part.astype(np.float32) for part in LATCH))),
    (check.latch, latch(b_i=-6, w_i=12, b_f=6, w_f=-12, w_g=0.2)),
    (check.latch, latch(b_i=-12, w_i=24, b_f=12, w_f=-24, w_g=-0.5, b_o=-1)),
    (check.latch, fed_back),
]
WRONG = [
    (check.gates, gates_in_place, "changed the array it was given (argument 1)"),
    (check.gates, gates_with_a_bug, "NameError: name 'missing' is not defined in line 3"),
    (check.gates, "f * c", "expected a function, got str"),
    (check.gates, lambda x, h: x, "TypeError"),
    (check.gates, lambda x, h, p: None, "returned None"),
    (check.gates, lambda x, h, p: gates(x, h, p)[:3], "3 values; expected the four arrays"),
    (check.gates, lambda x, h, p: blocks(x, h, p), "still the pre-activation"),
    (check.gates, lambda x, h, p: gates(x, h, p._replace(b=0 * p.b)), "but for the bias"),
    (check.gates, lambda x, h, p: gates(x, 0 * h, p), "does not see h_prev"),
    (check.gates, lambda x, h, p: [gates(x, h, p)[n] for n in (1, 0, 2, 3)], "i holds what f should"),
    (check.gates, lambda x, h, p: [sigmoid(a) for a in blocks(x, h, p)], "g takes tanh"),
    (check.bias_for_half_life, lambda k: 0.5 ** (1 / k), "that is the gate f itself"),
    (check.bias_for_half_life, lambda k: np.log(2 ** (1 / k) - 1), "sign is turned round"),
    (check.bias_for_half_life, lambda k: -np.log10(2 ** (1 / k) - 1), "base is e"),
    (check.bias_for_half_life, lambda k: "five", "expected an array of real numbers"),
    (check.bias_for_half_life, lambda k: k / 0, "ZeroDivisionError"),
    (check.gates, lambda x, h, p: np.array(gates(x, h, p))[:3], "3 values; expected the four"),
    (check.gates, lambda x, h, p: 0.5, "returned float"),
    (check.latch, LATCH._replace(W_x=LATCH.W_x[::-1]), "number and flag are exchanged"),
    (check.latch, latch(-8, 16, 8, 0, 1), "the old number stays"),
    (check.latch, latch(0, 0, 0, 0, 0), "the flag does not open the input gate: i is 0.500"),
    (check.latch, latch(-8, 0, 8, -16, 0.5), "the flag does not open the input gate"),
    (check.latch, latch(8, -16, 8, -16, 0.5), "the flag SHUTS the input gate"),
    (check.latch, latch(-3, 16, 8, -16, 0.5), "not shut between flags: i is 0.047"),
    (check.latch, latch(-8, 16, 8, -16, 0), "does not follow the number"),
    (check.latch, latch(-8, 16, 8, -16, 4), "the candidate saturates: |g| is 0.84"),
    (check.latch, latch(-8, 16, 8, -16, 1), "the candidate bends large numbers"),
    (check.latch, latch(-8, 16, 6, -16, 1, b_o=0), "the candidate bends large numbers"),
    (check.latch, latch(-8, 16, 6, -16, 0.95), "(R² = 0.991 and 0.9899, wanted 0.99)"),
    (check.latch, latch(-8, 16, 2, 0, 0.5), "the forget gate keeps too little: f is 0.881"),
    (check.latch, latch(-8, 16, -8, 0, 0.5), "the forget gate keeps too little: f is 0.000"),
    (check.latch, latch(-8, 16, 5, -16, 0.5), "f is 0.993 between flags, which leaves 0.6 of"),
    (check.latch, latch(-8, 16, 8, 0, 0.5), "the new one is added to it"),
    (check.latch, shows_what_comes_in, "the last output gate moves with the last number"),
    (check.latch, latch(-4.7, 10, 5.4, -10, 0.5), "wanted are 0.99 for both"),
    (check.latch, transposed, "expected LSTMParams(W_x, W_h, b) of one unit"),
    (check.latch, (1, 2, 3), "expected LSTMParams(W_x, W_h, b) of one unit"),
    (check.latch, (LATCH.W_x, LATCH.W_h, "b"), "weights: expected a real-number array"),
    (check.latch, LATCH._replace(b=LATCH.b * np.nan), "expected finite numbers"),
    (check.latch, init_lstm(2, 3, rng=np.random.default_rng(0)), "W_x has shape (2, 12)"),
]  # fmt: skip


@pytest.mark.parametrize(("checker", "answer"), RIGHT)
def test_right_answers_are_accepted(checker, answer):
    verdict = checker(answer)
    assert verdict.ok, verdict
    assert repr(verdict).startswith("✓ Right:")


@pytest.mark.parametrize(("checker", "answer", "hint"), WRONG)
def test_wrong_answers_are_refused_with_the_right_hint(checker, answer, hint):
    verdict = checker(answer)
    assert isinstance(verdict, Verdict)
    assert not verdict
    assert hint in repr(verdict)


def test_an_interrupt_is_the_readers_to_give():
    def endless(fs):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check.bias_for_half_life(endless)
