"""Checker of notebook 00: what is left of a value that is kept in part, again and again."""

from lstm_inside.page import NotYet, asks, checker, compare, question, run

WORDS = {
    "right": "what is left falls by the same factor at every step.",
    "product": "that is f times k; every step multiplies what is left with f again.",
    "line": "that loses the same amount at each step; each step loses a share of what is left.",
    "forgotten": "(1 - f) is the share that is lost; what is kept is f.",
    "swapped": "base and exponent are swapped: f is multiplied, k counts how often.",
    "early": "that is one step too few: after one step f is left.",
    "late": "that is one step too many: after no step all is left.",
    "lost": "that is what was lost; the question is what is left.",
}

QUESTIONS = {
    "half_life_of_a_bit": question(
        "The gate keeps 95 % at every step. How much of the bit is left after 100 steps?",
        right="c",
        a=("95 %", "That is after one step; every step takes its share again."),
        b=(
            "Nothing: it is gone after 20",
            "5 % of what is LEFT goes, less and less, not 5 % of 1.",
        ),
        c=("Less than 1 %", "0.95 multiplied with itself 100 times is about 0.006."),
    ),
    "gradient_at_step_0": question(
        "The RNN's recurrent strength is 0.9. What reaches step 0 of the gradient at step 100?",
        right="b",
        a=("About 90 %", "The strength acts at every one of the 100 steps, not once."),
        b=("Practically nothing", "A factor of 0.9 or less, 100 times over: that vanishes."),
        c=("All of it", "That would need a factor of 1 at every step."),
    ),
}
ask = asks(QUESTIONS)


@checker
def keep(function) -> str:
    """Check a function (f, k) -> what is left of 1 after k steps that each keep the share f."""
    for f, k in ((0.9, 10), (0.5, 3), (0.99, 100), (1.0, 7), (0.7, 0)):
        left = run(function, f, k)
        hints = [
            (f * k, WORDS["product"]),
            (1 - k * (1 - f), WORDS["line"]),
            ((1 - f) ** k, WORDS["forgotten"]),
            (k**f, WORDS["swapped"]),
            (f ** (k - 1), WORDS["early"]),
            (f ** (k + 1), WORDS["late"]),
            (1 - f**k, WORDS["lost"]),
        ]
        try:
            compare("keep", left, f**k, hints=hints)
        except NotYet as off:
            raise NotYet(f"for f = {f:g}, k = {k}: {off.message}") from None
    return WORDS["right"]
