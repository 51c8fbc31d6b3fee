"""The find-the-bug lab: each fault is caught by what is taught, the healthy one never accused."""

import numpy as np
import pytest

from lstm_core import LSTMParams, gradient_check, lstm_backward, lstm_forward
from lstm_inside.bptt import DIAGNOSES, FAULTS, PATIENTS, draw_point, examine, with_fault
from lstm_inside.bptt import check_lab as check
from lstm_inside.bptt.lab import examine_steps, patient_explorer

ILL = [letter for letter, fault in DIAGNOSES.items() if fault]


def visit(letter, T=5, *, seed=4, with_dc=True, zero_start=False, only=None):
    rng = np.random.default_rng(seed)
    point = draw_point(T, zero_start=zero_start, rng=rng)
    dhs, dc = rng.normal(size=(T, 2, 3)), rng.normal(size=(2, 3))
    return examine(PATIENTS[letter], point, dhs, dc if with_dc else None, only=only)


def passed(**settings):
    return "".join(letter for letter in PATIENTS if visit(letter, **settings))


def test_every_fault_is_a_patient_and_one_is_healthy():
    assert sorted(f for f in DIAGNOSES.values() if f) == sorted(FAULTS)
    assert list(DIAGNOSES.values()).count(None) == 1


@pytest.mark.parametrize("seed", range(8))
def test_the_proper_check_catches_each_and_only_the_ill(seed):
    assert passed(seed=seed) == "C"


def test_the_healthy_one_is_the_core_to_rounding():
    rng = np.random.default_rng(1)
    p = draw_point(7, rng=rng)
    params, dhs, dc = LSTMParams(*p[:3]), rng.normal(size=(7, 2, 3)), rng.normal(size=(2, 3))
    trace = lstm_forward(p.xs, params, p.h0, p.c0)
    want = lstm_backward(dhs, trace, params, dc)
    got = PATIENTS["C"](dhs, trace, params, dc)
    for a, b in zip(got, (*want.params, want.xs, want.h[0], want.c[0]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("letter", PATIENTS)
def test_only_the_in_place_patient_alters_an_array(letter):
    rng = np.random.default_rng(2)
    p = draw_point(4, rng=rng)
    params, dhs, dc = LSTMParams(*p[:3]), rng.normal(size=(4, 2, 3)), rng.normal(size=(2, 3))
    before = dhs.copy(), dc.copy()
    PATIENTS[letter](dhs, lstm_forward(p.xs, params, p.h0, p.c0), params, dc)
    assert np.array_equal(dhs, before[0])
    assert np.array_equal(dc, before[1]) == (DIAGNOSES[letter] != "in_place")


@pytest.mark.parametrize("seed", range(4))
def test_what_weak_checks_let_through(seed):
    """The table in the notebook, at other draws too."""
    zero = {"zero_start": True, "with_dc": False, "seed": seed}
    assert passed(T=1, only=("W_h",), **zero) == "ABCDEFG"
    assert passed(T=2, only=("W_h",), **zero) == "ACDE"
    assert passed(T=3, only=("W_h",), **zero) == "CE"
    assert passed(T=2, **zero) == "CE"
    assert passed(T=5, with_dc=False, seed=seed) == "CE"
    assert passed(T=1, seed=seed) == "AC"
    assert passed(T=2, seed=seed) == "C"


def test_only_the_one_step_check_is_flagged_vacuous():
    for letter in PATIENTS:
        zero = {"zero_start": True, "with_dc": False, "only": ("W_h",)}
        assert visit(letter, 1, **zero).vacuous
        assert not visit(letter, 2, **zero).vacuous


def test_with_fault_says_what_it_cannot_find(monkeypatch):
    with pytest.raises(ValueError, match="unheard of"):
        with_fault("unheard of")
    monkeypatch.setitem(FAULTS, "x", FAULTS["forget"]._replace(edits=(("no such line", ""),)))
    with pytest.raises(ValueError, match="no such line"):
        with_fault("x")


# ---------------------------------------------------------------- the microscope


def test_microscope_agrees_with_gradient_check():
    given, true, numeric = examine_steps("C", 9, b_f=0.3, start=1.2, call=2)
    np.testing.assert_allclose(given, true, atol=1e-12)
    assert np.abs(true - numeric).max() < 1e-8 * np.abs(true).max()


def test_microscope_differences_are_those_of_a_bias_at_one_step():
    from lstm_inside.bptt import lab

    xs, params, h0, c0 = lab._case(4, 1.0, 1.0)

    def loss(extra):
        trace = lstm_forward(np.concatenate([xs[:, :, :1], extra], axis=2), params, h0, c0)
        return trace.h[-1, 0, 0] + 0.5 * trace.c[-1, 0, 0]

    _, true, numeric = examine_steps("C", 4)
    assert gradient_check(loss, xs[:, :, 1:], numeric[:, None], tolerance=1e-7)
    assert gradient_check(loss, xs[:, :, 1:], true[:, None])


def wrong_blocks(letter, step, call=1):
    """Which blocks of patient `letter` are wrong at a step counted from the end."""
    given, true, _ = examine_steps(letter, 6, call=call)
    off = ~np.isclose(given[step], true[step], rtol=1e-6, atol=1e-12)
    return "".join(n for n, bad in zip("ifgo", off, strict=True) if bad)


# letter: wrong at the last step, one before it (first visit), last step at the second visit
SIGNS = {
    "A": ("", "ifgo", ""),
    "B": ("ifgo", "ifgo", "ifgo"),
    "C": ("", "", ""),
    "D": ("", "ifg", ""),
    "E": ("", "", "ifg"),
    "F": ("ifo", "ifgo", "ifo"),
    "G": ("f", "ifgo", "f"),
}


@pytest.mark.parametrize("letter", SIGNS)
def test_the_signs_that_the_replies_describe(letter):
    found = wrong_blocks(letter, -1), wrong_blocks(letter, -2), wrong_blocks(letter, -1, call=2)
    assert found == SIGNS[letter]


def test_finer_signs():
    given, _, _ = examine_steps("A", 6)
    assert not given[:-1, 3].any()
    given, _, _ = examine_steps("G", 6)
    assert not given[:, 1].any()
    given, true, _ = examine_steps("B", 6)
    factor = given[-1, :3] / true[-1, :3]
    np.testing.assert_allclose(factor, factor[0], rtol=1e-10)
    assert len(set(SIGNS.values())) == len(SIGNS)


def test_explorer_shows_what_examine_steps_finds():
    explorer = patient_explorer()
    for letter in PATIENTS:
        explorer.set(patient=letter, T=5, call=2)
        given, _, numeric = examine_steps(letter, 5, call=2)
        np.testing.assert_array_equal(explorer.values["given"], given)
        np.testing.assert_array_equal(explorer.values["numeric"], numeric)
        assert explorer.values["wrong"].any() == (DIAGNOSES[letter] is not None)
        for fault in FAULTS.values():
            assert fault.words not in explorer.caption
    explorer.close()


def test_what_is_not_a_step_and_what_lies_beyond_the_frame_is_marked():
    explorer = patient_explorer()
    pixels = next(a for a in explorer._moving if hasattr(a, "get_cmap") and hasattr(a, "_A"))
    explorer.set(T=6)
    assert np.ma.getmaskarray(pixels._A)[:, 6:].all()
    assert not np.ma.getmaskarray(pixels._A)[:, :6].any()
    triangles = [a for a in explorer._moving if hasattr(a, "get_marker") and a.get_marker() == "^"]
    assert not any(len(a.get_xdata()) for a in triangles)
    explorer.set(patient="B", b_f=5, start=2)
    given, true, _ = examine_steps("B", 6, b_f=5, start=2)
    out = (given / np.abs(true).max(axis=0) > 1.6).sum(axis=0)
    assert [len(a.get_xdata()) for a in triangles] == out.tolist()
    assert out.any()
    explorer.close()


# ---------------------------------------------------------------- diagnoses


@pytest.mark.parametrize("letter", PATIENTS)
def test_a_diagnosis_is_right_for_its_fault_alone(letter):
    question = check.diagnosis(letter)
    right = DIAGNOSES[letter]
    words = FAULTS[right].words if right else "nothing: this one is right"
    replies = set()
    for option in question.choice.options:
        question.choice.value = option
        assert bool(question.verdict) == (option == words)
        assert len(question.reply) > 60
        replies.add(question.reply)
    assert len(replies) == 7
    question.close()


def test_several_diagnoses_in_one_view():
    view = check.diagnoses("BC")
    assert list(view.titles) == ["patient B", "patient C"]
    text = view._repr_mimebundle_()["text/plain"]
    assert text.index("patient B") < text.index("patient C")
    view.close()


# ---------------------------------------------------------------- exercises


def lines(dh_direct, dh_from, dc, c_prev, i, f, g, o, c, *, bug=""):
    dh = dh_direct if bug == "carry" else dh_direct + dh_from
    line = dc
    tanh_c = c if bug in ("tanh", "c_in_do") else np.tanh(c)
    slope_c = 1 if bug in ("tanh", "no_slope") else 1 - np.tanh(c) ** 2
    if bug == "in_place":
        dc += dh * o * slope_c
    elif bug != "no_h_path":
        dc = dc + dh * o * slope_c

    def ds(s):
        if bug == "no_slopes":
            return 1
        s = 1 / (1 + np.exp(-s)) if bug == "slope" else s
        return s * (1 - s)

    df = 0 * dc if bug == "forget" else dc * c_prev
    slope_g = 1 if bug == "no_slopes" else 1 - g**2
    blocks = [dc * g * ds(i), df * ds(f), dc * i * slope_g, dh * tanh_c * ds(o)]
    if bug == "order":
        blocks = [blocks[k] for k in (1, 0, 2, 3)]
    dc_prev = {"cell_path": 0 * dc, "line_alone": line * f}.get(bug, dc * f)
    return np.concatenate(blocks, axis=1), dc_prev


def lines_with(bug):
    return lambda *arguments: lines(*arguments, bug=bug)


def lines_hstack(dh_direct, dh_from, dc, c_prev, i, f, g, o, c):
    dh = np.add(dh_direct, dh_from)
    total = dc + dh * o / np.cosh(c) ** 2
    return np.hstack([total * g * (i - i * i), total * c_prev * (f - f * f),
                      total * i * (1 - g) * (1 + g), dh * np.tanh(c) * (o - o * o)]), f * total  # fmt: skip


def lines_lists(*arguments):
    return [a.tolist() for a in lines(*arguments)]


def lines_own_copy(dh_direct, dh_from, dc, *rest):
    dc = dc.copy()
    return lines(dh_direct, dh_from, dc, *rest, bug="in_place")


def slope_of(loss, x, grad, v, step):
    return (grad * v).sum(), (loss(x + step * v) - loss(x - step * v)) / (2 * step)


def slope_unit(loss, x, grad, v, step):
    return slope_of(loss, x, grad, v / np.linalg.norm(v), step)


def slope_short(loss, x, grad, v, step):
    return slope_of(loss, x, grad, v, step / np.linalg.norm(v))


def slope_array(loss, x, grad, v, step):
    return np.array([np.vdot(grad, v), slope_of(loss, x, grad, v, step)[1]])


RIGHT = [
    *((check.step_lines, f) for f in (lines, lines_hstack, lines_lists, lines_own_copy)),
    *((check.directional, f) for f in (slope_of, slope_unit, slope_short, slope_array)),
]

WRONG = [
    *((check.step_lines, lines_with(bug), check.WORDS[bug].split("(")[0]) for bug in FAULTS),
    (check.step_lines, lines_with("no_h_path"), "path through h_t"),
    (check.step_lines, lines_with("order"), "another order"),
    (check.step_lines, lines_with("c_in_do"), "beside o in h"),
    (check.step_lines, lines_with("no_slope"), "on the way from h to c"),
    (check.step_lines, lines_with("line_alone"), "TOTAL dc"),
    (check.step_lines, lines_with("no_slopes"), "gate's slope"),
    (check.step_lines, lambda *a: lines(*a)[::-1], "other way round"),
    (check.step_lines, lambda *a: lines(*a)[0], "two arrays"),
    (check.step_lines, lambda *a: None, "None"),
    (check.directional, lambda L, x, g, v, s: ((g * v).sum(), (L(x + s * v) - L(x)) / s), "one-sided"),
    (check.directional, lambda L, x, g, v, s: ((g * v).sum(), (L(x + s * v) - L(x - s * v)) / s), "2 * step"),
    (check.directional, lambda L, x, g, v, s: (g * v, slope_of(L, x, g, v, s)[1]), "one number"),
    (check.directional, lambda L, x, g, v, s: ((g * v).sum(), slope_unit(L, x, g, v, s)[1]), "lengths"),
    (check.directional, lambda L, x, g, v, s: (g * v).sum(), "two numbers"),
]  # fmt: skip


@pytest.mark.parametrize(("checker", "function"), RIGHT)
def test_right_forms_are_accepted(checker, function):
    verdict = checker(function)
    assert verdict, verdict


@pytest.mark.parametrize(("checker", "function", "hint"), WRONG)
def test_wrong_forms_are_refused_with_the_hint(checker, function, hint):
    verdict = checker(function)
    assert not verdict
    assert hint in verdict.message


@pytest.mark.parametrize("checker", [check.step_lines, check.directional])
@pytest.mark.parametrize(
    "junk", [None, 3, lambda *a: "no", lambda *a: (), lambda: 0, lambda *a: (1, "x")]
)
def test_a_checker_never_raises(checker, junk):
    assert not checker(junk)
