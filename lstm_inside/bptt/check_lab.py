"""Checkers of notebook 04's find-the-bug lab: the step's lines, a check, a repair, diagnoses."""

import numpy as np

from lstm_core import LSTMParams, init_lstm, lstm_step
from lstm_inside.bptt.faults import DIAGNOSES, FAULTS, with_fault
from lstm_inside.page import NotYet, Question, Questions, checker, compare, question, run, shape_of

WORDS = {
    "pair": "{name} returned {got}; expected the two arrays da (B, 4H) and dc_prev (B, H).",
    "step": "all four blocks and the carousel, for a batch of 2 and 3 units.",
    "order": "the four blocks are there, in another order than i, f, g, o.",
    "cell_path": "the path from c to c_prev is missing: dc_prev is dc * f (4.11).",
    "forget": "the forget gate's block is 0: df = dc * c_prev (4.8) is missing.",
    "slope": "i, f and o are activations already: the slope is i * (1 - i), without a sigmoid.",
    "tanh": "tanh(c) is forgotten: h = o * tanh(c), so do = dh * tanh(c), with its slope in dc.",
    "carry": "dh_from was never added: h_t also acts through step t + 1 (4.1).",
    "in_place": "an array of the caller's was changed ({which}): write dc = dc_line + ..., not +=.",
    "no_h_path": "dc misses the path through h_t (4.7).",
    "pair_check": "expected the two numbers (given, numeric), got {got}.",
    "directional": "both numbers, for an array of 2 x 3 and a long direction.",
    "one_sided": "numeric is a one-sided difference; take loss(x + step v) - loss(x - step v).",
    "half": "the two ends are 2 step apart: divide by 2 * step.",
    "unsummed": "given is one number: the sum of grad * v.",
    "length": "given and numeric belong to different lengths of v: divide both by it or neither.",
    "tanh_in_do": "do is dh times what stands beside o in h, and that is tanh(c), not c (4.6).",
    "no_slope": "tanh's slope 1 - tanh(c)^2 is missing on the way from h to c (4.7).",
    "line_alone": "dc_prev takes the TOTAL dc, with the path through h, times f (4.7), (4.11).",
    "no_slopes": "that is di, df, dg, do; each still takes its gate's slope to become da (4.12).",
    "swapped": "the right arrays, the other way round: return da, dc_prev.",
}


@checker
def step_lines(function) -> str:
    """Check (dh_direct, dh_from, dc_line, c_prev, i, f, g, o, c) -> (da, dc_prev), (4.1)-(4.12)."""
    rng = np.random.default_rng(45)
    params = init_lstm(1, 3, rng=rng)._replace(W_x=rng.normal(size=(1, 12)))
    # Twelve inputs with the unit matrix as weights: the step's dx is da itself.
    params = LSTMParams(np.eye(12), params.W_h, params.b)
    x, h_prev = 1.5 * rng.normal(size=(2, 12)), rng.normal(size=(2, 3))
    dh, dh_from, dc, c_prev = rng.normal(size=(4, 2, 3))
    _, _, cache = lstm_step(x, h_prev, c_prev, params)

    def answer(fault, dh_total):
        step = with_fault(fault, "lstm_step_backward")
        da, _, dc_prev, _ = step(dh_total, dc.copy(), cache, params)
        return np.concatenate([da, dc_prev], axis=1)

    names = ("dh_direct", "dh_from", "dc_line", "c_prev", "i", "f", "g", "o", "c")
    try:
        got = run(function, dh, dh_from, dc, *cache[2:])
    except NotYet as off:
        if off.kind != "changed":
            raise
        raise NotYet(WORDS["in_place"], which=names[off.details["number"] - 1]) from None
    shapes = [shape_of(a) for a in got] if isinstance(got, tuple | list) else []
    if shapes == [(2, 3), (2, 12)]:
        raise NotYet(WORDS["swapped"])
    if shapes != [(2, 12), (2, 3)]:
        raise NotYet(WORDS["pair"], name="your function", got=shapes or type(got).__name__)
    true = answer(None, dh + dh_from)
    faults = ("cell_path", "forget", "slope", "tanh")
    hints = [(answer(name, dh + dh_from), WORDS[name]) for name in faults]
    i, f, g, o, c = cache[3:8]
    alone = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), true[:, 9:12]]
    dh_all, slopes = (
        dh + dh_from,
        np.concatenate([i * (1 - i), f * (1 - f), 1 - g**2, o * (1 - o)], axis=1),
    )
    no_slope = answer("tanh", dh_all)
    no_slope[:, 9:12] = true[:, 9:12]
    c_in_do = true.copy()
    c_in_do[:, 9:12] = dh_all * c * o * (1 - o)
    hints += [
        (no_slope, WORDS["no_slope"]),
        (c_in_do, WORDS["tanh_in_do"]),
        (np.concatenate([true[:, :12], dc * f], axis=1), WORDS["line_alone"]),
        (np.concatenate([true[:, :12] / slopes, true[:, 12:]], axis=1), WORDS["no_slopes"]),
        (answer(None, dh), WORDS["carry"]),
        (np.concatenate([*alone, dc * f], axis=1), WORDS["no_h_path"]),
        (true[:, [*range(3), *range(6, 9), *range(3, 6), *range(9, 15)]], WORDS["order"]),
        (true[:, [*range(3, 6), *range(3), *range(6, 15)]], WORDS["order"]),
    ]
    compare("(da, dc_prev)", np.concatenate(got, axis=1), true, hints=hints)
    return WORDS["step"]


@checker
def directional(function) -> str:
    """Check a function (loss, x, grad, v, step) -> (given, numeric), the slope along v."""
    rng = np.random.default_rng(46)
    x, grad, v = rng.normal(size=(3, 2, 3))
    step = 1e-2

    def loss(x):
        return float((x**3 + 2 * x**2).sum())

    got = run(function, loss, x, grad, v, step)
    try:
        given, numeric = got
    except (TypeError, ValueError):
        raise NotYet(WORDS["pair_check"], got=type(got).__name__) from None
    if np.size(given) != 1:
        raise NotYet(WORDS["unsummed"])
    length = np.linalg.norm(v)
    along = []  # (direction, step, given, numeric): v as it is or of length 1, either step
    for d, steps in ((v, (step, step / length)), (v / length, (step, step * length))):
        for s in steps:
            numeric_s = (loss(x + s * d) - loss(x - s * d)) / (2 * s)
            along.append((d, s, (grad * d).sum(), numeric_s))
    hints = []
    for d, s, g, n in along:
        one = (loss(x + s * d) - loss(x)) / s
        hints += [([g, one], WORDS["one_sided"]), ([g, 2 * n], WORDS["half"])]
    hints += [([g, n], WORDS["length"]) for _, _, g, _ in along for _, _, _, n in along]
    wants = [[g, n] for _, _, g, n in along]
    compare("(given, numeric)", [given, numeric], wants[0], also=wants, hints=hints)
    return WORDS["directional"]


# ---------------------------------------------------------------- diagnoses

_LOOKS = {
    "cell_path": (
        "the last step is right in all four blocks; one step earlier o is still right (it "
        "hangs on dh alone), while i, f and g have lost what the cell line brings."
    ),
    "forget": "f is exactly 0 at every step, the last one too, where i, g and o are right.",
    "slope": "i, f and o are wrong already at the last step, where g, which takes tanh, is right.",
    "tanh": (
        "all four blocks are wrong already at the last step: o by the factor c / tanh(c), and "
        "i, f and g by one factor that they share."
    ),
    "carry": (
        "the last step is right, and before it o is exactly 0, as this loss sees h at the last "
        "step only; i, f and g keep the cell line's share."
    ),
    "in_place": "the first visit agrees everywhere, the second with the same arrays does not.",
    None: "every visit agrees with the finite differences, in every block and at every step.",
}


def diagnosis(letter) -> Question:
    """The question what ails a patient, "A" to "G"; a wrong answer's reply says how that looks.

    Raises KeyError for a patient that does not exist.
    """
    truth = DIAGNOSES[letter]
    healthy = "nothing: this one is right"
    answers = {}
    for name in [*FAULTS, None]:
        words = FAULTS[name].words if name else healthy
        looks = ("Yes: " if name == truth else "That would look otherwise: ") + _LOOKS[name]
        if truth is None and name is not None:
            looks += " This patient agrees on every visit: do not accuse it."
        answers[name or "healthy"] = (words, looks)
    return Question(*question(f"What ails patient {letter}?", right=truth or "healthy", **answers))


def diagnoses(letters) -> Questions:
    """`diagnosis` for several patients in one view, a tab for each."""
    return Questions({f"patient {letter}": diagnosis(letter) for letter in letters})
