"""Checkers of notebook 03: the gates, how long a cell remembers, the latch."""

import numpy as np

from lstm_core import LSTMParams, init_lstm, lstm_step, sigmoid, split_gates
from lstm_inside import validate
from lstm_inside.gates.recall import last_flag_problem, recall_score
from lstm_inside.page import NotYet, asks, checker, compare, name_of, question, run, unreached
from lstm_inside.page.style import GATES
from lstm_inside.tasks import recall_problem
from lstm_inside.words import Sentences, say

LATCH_GOAL = 0.99  # R squared, on each of the two tasks

WORDS = Sentences(
    {
        "gates": "i, f, g and o as in lstm_step.",
        "gates_count": "{name} returned {got}; expected the four arrays i, f, g, o.",
        "gates_order": "{name} holds what {other} should: the blocks stand in the order i, f, g, o.",
        "gates_bias": "{name} is right but for the bias b.",
        "gates_state": "{name} does not see h_prev: x @ W_x is only half of the pre-activation.",
        "gates_raw": "{name} is still the pre-activation: squash it.",
        "gates_squash": "{name} has the other squashing: i, f, o take the sigmoid, g takes tanh.",
        "bias": "checked for half-lives from 7 to 1,000 steps.",
        "bias_gate": "that is the gate f itself; the bias is what the sigmoid turns into f.",
        "bias_log10": "the logarithm's base is e here: numpy.log.",
        "bias_sign": "the sign is turned round: a longer memory needs a larger bias.",
        "latch": "R² = {one:.3f} with one flag, {two:.3f} where a second flag replaces the first.",
        "latch_params": "expected LSTMParams(W_x, W_h, b) of one unit, W_x (2, 4), W_h (1, 4), "
        "b (4,): rows number and flag, columns i, f, g, o. {what}",
        "latch_reversed": "the flag SHUTS the input gate: i is {at:.3f} at the flag and {rest:.3f} "
        "elsewhere. Turn the sign of the flag's weight round.",
        "latch_swapped": "number and flag are exchanged: row 0 of W_x comes from the number, row 1 "
        "from the flag.",
        "latch_shut": "the flag does not open the input gate: i is {at:.3f} at the flag, {rest:.3f} "
        "elsewhere. The flag's row needs a larger weight in i's column.",
        "latch_leaky": "the input gate is not shut between flags: i is {rest:.3f} there, so a bit of "
        "all the other numbers gets in. Lower its bias.",
        "latch_deaf": "the candidate does not follow the number: g is {at:+.3f} at every flag. The "
        "number's row needs a weight in g's column.",
        "latch_saturated": "the candidate saturates: |g| is {at:.2f} on average at the flag, so that "
        "it tells little more than the number's sign. Give the number a smaller weight.",
        "latch_forgets": "the forget gate keeps too little: f is {rest:.3f} between flags, which leaves "
        "{left:.2g} of the cell state after 75 steps. Raise its bias.",
        "latch_adds": "one flag is recalled (R² = {one}), but with two flags the old number stays "
        "and the new one is added to it (R² = {two}): f is {at:.3f} at the flag. What should the "
        "flag do to the forget gate?",
        "latch_bends": "the candidate bends large numbers: |g| is {at:.2f} on average at the flag "
        "(R² = {one} and {two}, wanted {goal}), and tanh bends them again on their way out. "
        "Near 0 tanh is almost straight: give the number a smaller weight.",
        "latch_hidden": "the cell state is right, but the last output gate moves with the last number "
        "that comes in: o lies between {low:.2f} and {high:.2f}.",
        "latch_score": "R² = {one} with one flag and {two} with two; wanted are {goal} for "
        "both. At the flag i = {i_at:.3f}, f = {f_at:.3f}; elsewhere i = {i:.4f}, f = {f:.4f}.",
    }
)

QUESTIONS = {
    "half_gone": question(
        "The forget gate stands at 0.9 and nothing is written. After about how many steps is "
        "half of the cell state gone?",
        right="b",
        a=(
            "5 steps: it loses 0.1 of the start each time",
            "that would be a loss of 0.1 of the START; a gate takes its share of what is still there",
        ),
        b=(
            "7 steps: it loses a tenth of what is left each time",
            "0.9 to the power of 7 is 0.478: the losses shrink along with the cell state",
        ),
        c=(
            "never: an LSTM remembers no matter how far",
            "only f = 1 never forgets, and a learned gate never quite reaches 1",
        ),
        d=("2 steps: half, then half again", "that would be f = 0.7; check 0.9 * 0.9"),
    ),
    "wrong_by": question(
        "The errors have a size of 1 %, and are drawn twenty times. How often does each network "
        "still recall the number?",
        right="c",
        a=(
            "both nearly always: 1 % is little",
            "little for one step; but a factor of 0.99 leaves 0.61 of a number after 50 steps",
        ),
        b=("both hardly ever", "a gate at 8 that is off by 1 % keeps nearly the same share"),
        c=(
            "LATCH always, the plain network only sometimes",
            "the plain network needs a factor of exactly 1 and two weights that cancel",
        ),
        d=(
            "the plain network always, LATCH seldom: its weights are larger, and so are its errors",
            "larger, but on the flat ends of the sigmoid, where an error changes next to nothing",
        ),
    ),
    "gets_back": question(
        "In which of the four is the whole gradient at step 0 at least a tenth of that at step 100, "
        "in the median of twenty draws?",
        right="b",
        a=(
            "in the two LSTMs",
            "a forget gate near 0.73, multiplied a hundred times, leaves next to nothing",
        ),
        b=(
            "in the RNN of section 1 and the LSTM with 5",
            "neither kind guarantees it: it depends on W_h in the one, on the forget bias in the other",
        ),
        c=(
            "in the LSTM with 5 only",
            "an RNN whose W_h keeps lengths loses little, too",
        ),
        d=("in all four", "small random weights shrink the gradient at every step"),
    ),
}
ask = asks(QUESTIONS)


@checker
def gates(function) -> str:
    """Check a function (x, h_prev, params) -> (i, f, g, o) against (3.2)-(3.5)."""
    rng = np.random.default_rng(32)
    params = init_lstm(3, 2, rng=rng)
    params = params._replace(b=rng.normal(size=8))
    x, h_prev = rng.normal(size=(2, 3)), rng.normal(size=(2, 2))
    got = run(function, x, h_prev, params)
    several = isinstance(got, tuple | list) or (isinstance(got, np.ndarray) and got.ndim > 0)
    if not several or len(got) != 4:
        what = say("{got} values", got=len(got)) if several else type(got).__name__
        raise NotYet(WORDS["gates_count"], name=name_of(function), got=what)
    _, _, cache = lstm_step(x, h_prev, np.zeros((2, 2)), params)
    wants = dict(zip("ifgo", cache[3:7], strict=True))
    raw = dict(
        zip("ifgo", split_gates(x @ params.W_x + h_prev @ params.W_h + params.b), strict=True)
    )
    for n, name in enumerate("ifgo"):
        act, other_act = (np.tanh, sigmoid) if name == "g" else (sigmoid, np.tanh)
        block = slice(2 * n, 2 * n + 2)
        from_x, from_h = x @ params.W_x[:, block], h_prev @ params.W_h[:, block]
        hints = [
            (raw[name], WORDS["gates_raw"].format(name=name)),
            (other_act(raw[name]), WORDS["gates_squash"].format(name=name)),
            (act(from_x + from_h), WORDS["gates_bias"].format(name=name)),
            (act(from_x + params.b[block]), WORDS["gates_state"].format(name=name)),
        ]
        hints += [
            (squash(raw[other]), WORDS["gates_order"].format(name=name, other=other))
            for other in "ifgo"
            if other != name
            for squash in (sigmoid, np.tanh)
        ]
        compare(name, got[n], wants[name], hints=hints)
    return WORDS["gates"]


@checker
def bias_for_half_life(function) -> str:
    """Check a function k -> b_f such that a cell loses half in k steps (3.8)."""
    for k in (7, 100, 1000):
        b = run(function, k)
        f = 0.5 ** (1 / k)
        want = -np.log(2 ** (1 / k) - 1)  # f / (1 - f) = 1 / (1 / f - 1)
        hints = [
            (f, WORDS["bias_gate"]),
            (want / np.log(10), WORDS["bias_log10"]),
            (-want, WORDS["bias_sign"]),
            (1 - f, WORDS["bias_gate"]),
        ]
        compare(say("b_f for k = {k}", k=k), b, want, hints=hints)
    return WORDS["bias"]


@checker
def latch(weights) -> str:
    """Run one unit's weights on a hundred streams of 100 steps, with one flag and with two (3.9).

    weights: LSTMParams with D = 2 (number, flag) and H = 1, or a function that returns them.
    The score is R squared of `recall_score`, whose line is fitted on a hundred other streams.
    """
    params = _one_unit(weights)
    one = recall_problem(100, 200, rng=np.random.default_rng(35))
    two = last_flag_problem(100, 200, rng=np.random.default_rng(36))
    got_one, got_two = (recall_score(params, *task[:2]) for task in (one, two))
    r2 = {"one": got_one.r2, "two": got_two.r2}
    if min(r2.values()) >= LATCH_GOAL:
        return WORDS["latch"].format(**r2)
    turned = params._replace(W_x=params.W_x[::-1])
    if min(recall_score(turned, *task[:2]).r2 for task in (one, two)) >= LATCH_GOAL:
        raise NotYet(WORDS["latch_swapped"])
    trace, flag = got_one.trace, one.xs[..., 1] == 1
    at, rest = ({k: getattr(trace, k)[..., 0][where] for k in GATES} for where in (flag, ~flag))
    mean_at, mean_rest = ({k: v.mean() for k, v in part.items()} for part in (at, rest))
    for off, words, numbers in (
        (mean_at["i"] < mean_rest["i"] - 0.1, "latch_reversed", ("i", mean_at, mean_rest)),
        (mean_at["i"] < mean_rest["i"] + 0.2, "latch_shut", ("i", mean_at, mean_rest)),
        (mean_rest["i"] > 0.01, "latch_leaky", ("i", mean_at, mean_rest)),
        (np.ptp(at["g"]) < 1e-3, "latch_deaf", ("g", mean_at, mean_rest)),
        (np.abs(at["g"]).mean() > 0.6, "latch_saturated", ("g", _sizes(at), mean_rest)),
        (mean_rest["f"] < 0.995, "latch_forgets", ("f", mean_at, mean_rest)),
    ):
        if off:
            letter, there, elsewhere = numbers
            left = elsewhere[letter] ** 75
            raise NotYet(WORDS[words], at=there[letter], rest=elsewhere[letter], left=left)
    scores = {key: unreached(score, LATCH_GOAL, ".3f") for key, score in r2.items()}
    if r2["one"] > r2["two"] + 0.1 and mean_at["f"] > 0.05:
        raise NotYet(WORDS["latch_adds"], at=mean_at["f"], **scores)
    bent = np.abs(at["g"]).mean()
    if bent > 0.35:
        raise NotYet(WORDS["latch_bends"], at=bent, goal=LATCH_GOAL, **scores)
    last = trace.o[-1]
    if np.ptp(last) > 0.05:
        raise NotYet(WORDS["latch_hidden"], low=last.min(), high=last.max())
    raise NotYet(
        WORDS["latch_score"], goal=LATCH_GOAL, i_at=mean_at["i"], f_at=mean_at["f"],
        i=mean_rest["i"], f=mean_rest["f"], **scores,
    )  # fmt: skip


def _one_unit(weights) -> LSTMParams:
    """The reader's weights as LSTMParams of float64 with D = 2 and H = 1; NotYet for others."""
    if callable(weights):
        weights = run(weights)
    if isinstance(weights, list | tuple) and len(weights) == 3:
        try:
            weights = LSTMParams(*(validate.real("weights", w).astype(float) for w in weights))
        except TypeError as error:
            raise NotYet(WORDS["latch_params"], what=say("{error}.", error=error)) from None
    try:
        params = validate.lstm_params(weights)
    except (TypeError, ValueError) as error:
        raise NotYet(WORDS["latch_params"], what=say("{error}.", error=error)) from None
    if params.W_x.shape != (2, 4):
        what = say("W_x has shape {shape}.", shape=params.W_x.shape)
        raise NotYet(WORDS["latch_params"], what=what)
    return params


def _sizes(values):
    return {k: np.abs(v).mean() for k, v in values.items()}
