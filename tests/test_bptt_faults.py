"""The find-the-bug lab: each fault is caught by what is taught, the healthy one never accused."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from lstm_core import (
    LSTMParams,
    gradient_check,
    init_lstm,
    lstm_backward,
    lstm_forward,
    lstm_step,
    lstm_step_backward,
)
from lstm_inside.bptt import (
    DIAGNOSES,
    FAULTS,
    PATIENTS,
    Fault,
    backward_by_steps,
    check,
    draw_point,
    examine,
    faults,
    step_errors,
    take_step,
    who_passes,
    with_fault,
)
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


def test_the_lines_are_the_cores_step():
    """What the patients are made of cannot drift from `lstm_step_backward`."""
    rng = np.random.default_rng(3)
    params = init_lstm(2, 3, rng=rng)
    x, (h_prev, c_prev, dh, dc) = rng.normal(size=(4, 2)), rng.normal(size=(4, 4, 3))
    _, c, cache = lstm_step(x, h_prev, c_prev, params)
    dx, dh_prev, dc_prev, dparams = lstm_step_backward(dh, dc, cache, params)
    i, f, g, o = cache[3:7]
    s = SimpleNamespace(
        W_x=params.W_x, W_h=params.W_h, x=x, h_prev=h_prev, c_prev=c_prev, i=i, f=f, g=g, o=o, c=c,
        tanh_c=np.tanh(c), dh_direct=0.25 * dh, dh_from=0.75 * dh, dc_line=dc,
    )  # fmt: skip
    take_step(s)
    for got, want in (
        (s.dx, dx), (s.dh_prev, dh_prev), (s.dc_prev, dc_prev), (x.T @ s.da, dparams.W_x),
        (h_prev.T @ s.da, dparams.W_h), (s.da.sum(axis=0), dparams.b),
        (s.dh_from, dh_prev), (s.dc_line, dc_prev),
    ):  # fmt: skip
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13)


def test_each_fault_is_the_slip_that_its_words_name():
    """Its wrong lines, once as a reader would write them; the numbers at a step, one loss zero."""
    rng = np.random.default_rng(6)
    params, (x, c_prev, c, h_prev, dh, dc) = init_lstm(2, 2, rng=rng), rng.normal(size=(6, 4, 2))
    i, f, o = rng.uniform(0.1, 0.9, (3, 4, 2))
    dh[0], dc[0] = 0, 0

    def lines(fault):
        s = SimpleNamespace(
            W_x=params.W_x, W_h=params.W_h, x=x, h_prev=h_prev, c_prev=c_prev, i=i, f=f, o=o,
            g=np.tanh(c), c=c, tanh_c=np.tanh(c), dh_direct=0 * dh, dh_from=dh, dc_line=dc.copy(),
        )  # fmt: skip
        take_step(s, FAULTS[fault])
        return s

    assert not lines("cell_path").dc_prev.any()
    assert not lines("forget").df.any()
    s = lines("tanh")
    np.testing.assert_allclose(s.do, dh * c)
    np.testing.assert_allclose(s.dc, dc + dh * o)
    s = lines("slope")
    for got, dgate, gate in ((s.da_i, s.di, i), (s.da_f, s.df, f), (s.da_o, s.do, o)):
        again = 1 / (1 + np.exp(-gate))
        np.testing.assert_allclose(got, dgate * again * (1 - again))
    s = lines("no_future")
    assert not s.dh_from.any()
    assert not s.dc_line.any()


def test_a_step_works_on_its_own_cell():
    rng, seen = np.random.default_rng(2), []
    point = draw_point(4, rng=rng)
    trace = lstm_forward(point.xs, params := LSTMParams(*point[:3]), point.h0, point.c0)
    watching = Fault("it only looks", {"do": lambda s: (seen.append(s.c), s.dh * s.tanh_c)[1]})
    got = backward_by_steps(np.ones((4, 2, 3)), trace, params, fault=watching)
    np.testing.assert_array_equal(seen[::-1], trace.c[1:])
    np.testing.assert_allclose(got.b, lstm_backward(np.ones((4, 2, 3)), trace, params).params.b)


def test_a_place_to_check_at_is_drawn_from_its_generator():
    drawn, rng = draw_point(6, rng=np.random.default_rng(8)), np.random.default_rng(8)
    params = init_lstm(2, 3, rng=rng)
    np.testing.assert_array_equal(drawn.W_h, params.W_h)
    np.testing.assert_array_equal(drawn.b, params.b + rng.normal(size=12))
    h0, c0 = rng.normal(size=(2, 2, 3))
    np.testing.assert_array_equal(drawn.h0, 0.5 * h0)
    np.testing.assert_array_equal(drawn.c0, c0)
    np.testing.assert_array_equal(drawn.xs, rng.normal(size=(6, 2, 2)))


def test_the_check_without_settings_is_five_steps_from_any_start_and_sees_the_cell(monkeypatch):
    seen = []
    monkeypatch.setattr(faults, "examine", lambda *args, **named: seen.append((args, named)))
    assert who_passes() == ""
    rng = np.random.default_rng(4)
    point = draw_point(5, rng=rng)
    wanted = (*point, rng.normal(size=(5, 2, 3)), rng.normal(size=(2, 3)))
    assert len(seen) == len(PATIENTS)
    for (_, at, dhs, dc), named in seen:
        assert named == {"only": None}
        assert all(np.array_equal(a, b) for a, b in zip((*at, dhs, dc), wanted, strict=True))


def test_a_losss_derivatives_are_looked_at_before_a_backward_pass_is_asked():
    point = draw_point(rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="dhs"):
        examine(lambda *_: point, point, np.ones((4, 2, 3)))


@pytest.mark.parametrize("letter", ["B", "C"])
def test_step_errors_are_relative_to_the_larger_gradient(letter):
    rng = np.random.default_rng(5)
    point, dhs, step = draw_point(rng=rng), 300 * rng.normal(size=(5, 2, 3)), 1e-4
    params = LSTMParams(*point[:3])
    trace = lstm_forward(point.xs, params, point.h0, point.c0)

    def loss(b):
        return (dhs * lstm_forward(point.xs, params._replace(b=b), point.h0, point.c0).h[1:]).sum()

    nudges = step * np.eye(12)
    numeric = [(loss(params.b + n) - loss(params.b - n)) / (2 * step) for n in nudges]
    given = PATIENTS[letter](dhs, trace, params).b
    wanted = np.abs(given - numeric).max() / max(np.abs(given).max(), np.abs(numeric).max())
    assert step_errors(PATIENTS[letter], point, dhs, [step]) == pytest.approx([wanted])


def test_a_fault_of_ones_own():
    """As notebook 04 proposes it; a name that is no line's is refused."""
    mine = Fault("1 - g", {"da_g": lambda s: s.dg * (1 - s.g)})
    point, dhs = visit_point(5)

    def backward(dhs, trace, params, dc_last=None):
        return backward_by_steps(dhs, trace, params, dc_last, mine)

    assert not examine(backward, point, dhs)
    with pytest.raises(ValueError, match="got 'gd'"):
        backward_by_steps(*at(point, dhs), fault=Fault("typo", {"gd": lambda s: s.dg}))


def test_ones_own_fault_disturbs_neither_diagnoses_nor_explorer(monkeypatch):
    monkeypatch.setitem(FAULTS, "mine", Fault("1 - g", {"da_g": lambda s: s.dg * (1 - s.g)}))
    monkeypatch.setitem(PATIENTS, "mine", with_fault("mine"))
    view = check.diagnoses("ABCDEFGH")
    assert all(len(q.choice.options) == len(DIAGNOSES) for q in view.questions.values())
    view.close()
    explorer = patient_explorer()
    explorer.set(patient="mine")
    assert explorer.error is None
    assert "Wrong at the last step: g." in explorer.caption
    explorer.close()


def visit_point(T):
    rng = np.random.default_rng(4)
    return draw_point(T, rng=rng), rng.normal(size=(T, 2, 3))


def at(point, dhs):
    params = LSTMParams(*point[:3])
    return dhs, lstm_forward(point.xs, params, point.h0, point.c0), params


def test_a_right_gradients_error_has_a_valley_and_a_wrong_ones_none():
    point, dhs = visit_point(5)
    steps = 10.0 ** np.arange(-11, 0, 2)
    fine = step_errors(PATIENTS["C"], point, dhs, steps)
    coarse = step_errors(PATIENTS["C"], point, dhs, steps, np.float32)
    wrong = step_errors(PATIENTS["G"], point, dhs, steps)
    assert steps[fine.argmin()] == pytest.approx(1e-5)
    assert fine.min() < 1e-9
    assert 1e-6 < coarse.min() < 1e-3
    assert steps[coarse.argmin()] > 1e-4
    assert np.ptp(wrong) < 0.01
    assert wrong.min() > 0.1


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
    assert passed(T=1, only=("W_h",), **zero) == "ABCDEFGH"
    assert passed(T=2, only=("W_h",), **zero) == "ACDEH"
    assert passed(T=3, only=("W_h",), **zero) == "CE"
    assert passed(T=2, **zero) == "CE"
    assert passed(T=5, with_dc=False, seed=seed) == "CE"
    assert passed(T=1, seed=seed) == "ACH"
    assert passed(T=2, seed=seed) == "C"
    assert passed(T=2, only=("W_h",), with_dc=False, seed=seed) == "CE"
    assert passed(T=2, zero_start=True, seed=seed) == "C"
    settings = {"T": 2, "zero_start": True, "with_dc": False, "only": ("W_h",)}
    assert who_passes(**settings).split() == list(passed(**settings))


def test_only_the_one_step_check_is_flagged_vacuous():
    for letter in PATIENTS:
        zero = {"zero_start": True, "with_dc": False, "only": ("W_h",)}
        assert visit(letter, 1, **zero).vacuous
        assert not visit(letter, 2, **zero).vacuous


def test_with_fault_says_what_it_cannot_find(monkeypatch):
    with pytest.raises(ValueError, match="unheard of"):
        with_fault("unheard of")
    monkeypatch.setitem(FAULTS, "x", Fault("x", {"no such line": lambda s: 0}))
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
    "H": ("", "ifgo", ""),
}


@pytest.mark.parametrize("letter", SIGNS)
def test_the_signs_that_the_replies_describe(letter):
    found = wrong_blocks(letter, -1), wrong_blocks(letter, -2), wrong_blocks(letter, -1, call=2)
    assert found == SIGNS[letter]


def test_finer_signs():
    given, _, _ = examine_steps("A", 6)
    assert not given[:-1, 3].any()
    assert given[-2, :3].all()
    given, _, _ = examine_steps("H", 6)
    assert not given[:-1].any()
    given, _, _ = examine_steps("G", 6)
    assert not given[:, 1].any()
    given, true, _ = examine_steps("B", 6)
    factor = given[-1, :3] / true[-1, :3]
    np.testing.assert_allclose(factor, factor[0], rtol=1e-10)
    assert len(set(SIGNS.values())) == len(SIGNS) - 1  # A and H differ in the finer signs


def test_explorer_shows_what_examine_steps_finds():
    explorer = patient_explorer()
    for letter in PATIENTS:
        explorer.set(patient=letter, call=2)
        given, _, numeric = examine_steps(letter, 3, call=2)
        np.testing.assert_array_equal(explorer.values["given"], given)
        np.testing.assert_array_equal(explorer.values["numeric"], numeric)
        assert explorer.values["wrong"].any() == (DIAGNOSES[letter] is not None)
        for fault in FAULTS.values():
            assert fault.words not in explorer.caption
    explorer.close()


def test_the_map_shows_an_error_relative_to_the_true_value_however_small_that_is():
    explorer = patient_explorer()  # A hands no dh_from back: before the last step o gets nothing
    errors = explorer.values["errors"]
    np.testing.assert_array_equal(errors[:-1, 3], 1)
    pixels = next(a for a in explorer._moving if hasattr(a, "get_cmap") and hasattr(a, "_A"))
    classes = np.digitize(errors, [1e-4, 0.1])  # right, off, off by a tenth or more
    np.testing.assert_array_equal(pixels._A[::-1].T, classes)
    assert set(classes.ravel()) == {0, 2}
    np.testing.assert_allclose(errors[:-1, 0], errors[:-1, 1], rtol=1e-4)  # one share is lost
    assert errors[-1].max() < 1e-8
    explorer.close()


def test_what_is_exactly_zero_is_marked_and_what_is_tiny_is_not():
    from lstm_inside.bptt import lab

    explorer = patient_explorer()
    zeros = next(a for a in explorer._moving if getattr(a, "get_marker", str)() == "$0$")
    assert set(zip(*zeros.get_data(), strict=True)) == {(0, 0), (1, 0)}  # A: block o
    explorer.set(patient="G")
    assert set(zip(*zeros.get_data(), strict=True)) == {(t, 2) for t in range(3)}  # G: block f
    explorer.set(patient="C")
    assert not len(zeros.get_xdata())
    explorer.close()
    assert [lab._entry(size) for size in (0.0, 1.2e-9, -0.25)] == ["0", "+1.2e-09", "−0.25000"]


@pytest.mark.parametrize("letter", SIGNS)
def test_the_caption_names_the_blocks_that_are_wrong(letter):
    explorer = patient_explorer()
    explorer.set(patient=letter)
    last, before, _ = (", ".join(blocks) or "none" for blocks in SIGNS[letter])
    told = re.sub("; exactly 0: [^.]+", "", explorer.caption)
    assert told.endswith(f"Wrong at the last step: {last}. Wrong just before it: {before}.")
    assert explorer.caption.count("exactly 0") == {"A": 1, "G": 2, "H": 1}.get(letter, 0)
    zeros = {"A": "; exactly 0: o", "G": "; exactly 0: f", "H": "; exactly 0: i, f, g, o"}
    assert explorer.caption.endswith(f"{zeros.get(letter, '')}.")
    explorer.close()


# ---------------------------------------------------------------- diagnoses


@pytest.mark.parametrize("letter", PATIENTS)
def test_a_diagnosis_is_right_for_its_fault_alone(letter):
    question = check.diagnosis(letter)
    right = DIAGNOSES[letter]
    number = 1 + list(FAULTS).index(right) if right else 8
    words = f"{number} · {FAULTS[right].words if right else 'nothing: this one is right'}"
    replies = set()
    for option in question.choice.options:
        question.choice.value = option
        assert bool(question.verdict) == (option == words)
        assert len(question.reply) > 60
        replies.add(question.reply)
    assert len(replies) == 8
    question.close()


def test_several_diagnoses_in_one_view():
    view = check.diagnoses("BC")
    assert list(view.titles) == ["patient B", "patient C"]
    lines = view._repr_mimebundle_()["text/plain"].splitlines()
    assert lines[:2] == ["What ails patient B?", "What ails patient C?"]
    assert [line[:6] for line in lines[2:]] == [f"  ○ {number} " for number in range(1, 9)]
    view.close()


# ---------------------------------------------------------------- exercises


def coupled(dh, dc, c_prev, f, g, o, c, *, slip=""):
    """The solution, with i named, and its natural slips."""
    tanh_c = np.tanh(c)
    slope_c = 1 if slip == "no_slope" else 1 - tanh_c**2
    line, i = dc, f if slip == "no_i" else 1 - f
    if slip == "in_place":
        dc += dh * o * slope_c
    elif slip != "no_h_path":
        dc = dc + dh * o * slope_c
    df = dc * (c if slip == "c_not_before" else c_prev)
    df = df + {"no_write": 0, "write_sign": dc * g}.get(slip, -dc * g)
    slopes = (1, 1, 1) if slip == "no_slopes" else (f * (1 - f), 1 - g**2, o * (1 - o))
    do = dh * (c if slip == "tanh_in_do" else tanh_c)
    b_f, b_g, b_o = (d * slope for d, slope in zip((df, dc * i, do), slopes, strict=True))
    blocks = {"order": [b_g, b_f, b_o], "order_fog": [b_f, b_o, b_g]}.get(slip, [b_f, b_g, b_o])
    dc_prev = {"line_alone": line * f, "carried": dc * (1 - f), "no_f": dc}.get(slip, dc * f)
    return np.concatenate(blocks, axis=1), dc_prev


def coupled_with(slip):
    return lambda *arguments: coupled(*arguments, slip=slip)


def coupled_hstack(dh, dc, c_prev, f, g, o, c):
    total = dc + dh * o / np.cosh(c) ** 2
    return np.hstack([total * (c_prev - g) * (f - f * f), total * (1 - f) * (1 - g) * (1 + g),
                      dh * np.tanh(c) * (o - o * o)]), f * total  # fmt: skip


def coupled_lists(*arguments):
    return [a.tolist() for a in coupled(*arguments)]


def coupled_own_copy(dh, dc, *rest):
    return coupled(dh, dc.copy(), *rest, slip="in_place")


RIGHT = [
    *((check.coupled_lines, f) for f in (coupled, coupled_hstack, coupled_lists, coupled_own_copy)),
]

SLIPS = ("no_write", "write_sign", "no_i", "carried", "in_place", "no_h_path", "c_not_before",
         "tanh_in_do", "no_slope", "line_alone", "no_f", "no_slopes", "order")  # fmt: skip
WRONG = [
    *((check.coupled_lines, coupled_with(slip), check.WORDS[slip].split("({")[0]) for slip in SLIPS),
    (check.coupled_lines, coupled_with("order_fog"), "another order"),
    (check.coupled_lines, lambda *a: (coupled(*a)[0] + np.repeat([0, 1, 0], 3), coupled(*a)[1]), "block g of your da"),
    (check.coupled_lines, lambda *a: (coupled(*a)[0], coupled(*a)[1] + 1), "your dc_line_prev"),
    (check.coupled_lines, lambda *a: coupled(*a)[::-1], "other way round"),
    (check.coupled_lines, lambda *a: coupled(*a)[0], "two arrays"),
    (check.coupled_lines, lambda *a: None, "None"),
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


@pytest.mark.parametrize(
    "junk", [None, 3, lambda *a: "no", lambda *a: (), lambda: 0, lambda *a: (1, "x")]
)
def test_the_checker_never_raises(junk):
    assert not check.coupled_lines(junk)
