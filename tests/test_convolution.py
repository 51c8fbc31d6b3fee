"""The CNN's layers of notebook 11: math, views and checkers.

Gradients: relative error at most 1e-7 against central differences. Forward passes: at most
1e-12 against plain loops that follow the equations.
"""

import ast
import json
import re
from pathlib import Path

import numpy as np
import pytest

from lstm_core import gradient_check
from lstm_inside.convolution import (
    bowl,
    check,
    conv2d_backward,
    conv2d_forward,
    dense_backward,
    dense_forward,
    figures,
    figures_network,
    lab,
    learn_kernel,
    output_size,
    pool_backward,
    pool_forward,
    short_lines,
)
from lstm_inside.convolution import explorers as views
from lstm_inside.foundations import photograph

# ---------------------------------------------------------------- the layers

LAYERS = [(1, 0, 3, 3), (1, 1, 3, 2), (2, 1, 3, 3), (3, 2, 2, 4), (2, 0, 1, 1), (2, 3, 5, 4)]


def conv_problem(k_h, k_w, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(2, 3, 7, 6)), rng.normal(size=(4, 3, k_h, k_w)), rng.normal(size=4)


def conv_by_loops(x, W, b, stride, padding):
    """(11.1), one number at a time."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    rows = (x.shape[2] - W.shape[2]) // stride + 1
    columns = (x.shape[3] - W.shape[3]) // stride + 1
    out = np.zeros((len(x), len(W), rows, columns))
    for n, m, r, c in np.ndindex(out.shape):
        patch = x[n, :, r * stride :, c * stride :][:, : W.shape[2], : W.shape[3]]
        out[n, m, r, c] = (patch * W[m]).sum() + b[m]
    return out


@pytest.mark.parametrize(("stride", "padding", "k_h", "k_w"), LAYERS)
def test_convolution_is_its_equation_and_its_gradients_hold(stride, padding, k_h, k_w):
    x, W, b = conv_problem(k_h, k_w)
    out, cache = conv2d_forward(x, W, b, stride, padding)
    np.testing.assert_allclose(out, conv_by_loops(x, W, b, stride, padding), atol=1e-12)
    assert out.shape[2:] == (
        output_size(7, k_h, stride, padding),
        output_size(6, k_w, stride, padding),
    )
    dy = np.random.default_rng(1).normal(size=out.shape)
    report = gradient_check(
        lambda q: (conv2d_forward(*q, stride, padding)[0] * dy).sum(),
        (x, W, b),
        conv2d_backward(dy, cache),
        tolerance=1e-7,
    )
    assert report, report
    assert not report.vacuous


@pytest.mark.parametrize("kind", ["max", "mean"])
@pytest.mark.parametrize(("size", "stride"), [(2, None), (3, 2), (2, 3), (1, 1), (6, 1)])
def test_pooling_is_its_equation_and_its_gradient_holds(kind, size, stride):
    x = np.random.default_rng(2).normal(size=(2, 3, 7, 6))
    out, cache = pool_forward(x, size, kind, stride)
    step = stride or size
    for n, m, r, c in np.ndindex(out.shape):
        window = x[n, m, r * step : r * step + size, c * step : c * step + size]
        assert out[n, m, r, c] == pytest.approx(getattr(window, kind)(), abs=1e-12)
    assert out.shape[2:] == (output_size(7, size, step), output_size(6, size, step))
    dy = np.random.default_rng(3).normal(size=out.shape)
    report = gradient_check(
        lambda q: (pool_forward(q, size, kind, stride)[0] * dy).sum(),
        x,
        pool_backward(dy, cache),
        tolerance=1e-7,
    )
    assert report, report


def test_dense_gradients_hold():
    rng = np.random.default_rng(4)
    x, W, b = rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), rng.normal(size=4)
    out, cache = dense_forward(x, W, b)
    dy = rng.normal(size=out.shape)
    report = gradient_check(
        lambda q: (dense_forward(*q)[0] * dy).sum(),
        (x, W, b),
        dense_backward(dy, cache),
        tolerance=1e-7,
    )
    assert report, report


def test_a_tie_goes_to_one_winner_only():
    out, cache = pool_forward(np.ones((1, 1, 4, 4)), 2)
    dx = pool_backward(np.ones_like(out), cache)[0, 0]
    np.testing.assert_array_equal(dx, np.kron(np.ones((2, 2)), [[1, 0], [0, 0]]))


def test_float32_stays_and_nothing_given_is_changed():
    x, W, b = (a.astype(np.float32) for a in conv_problem(3, 3))
    kept = x.copy(), W.copy(), b.copy()
    out, cache = conv2d_forward(x, W, b)
    grads = conv2d_backward(out, cache)
    pooled, pool_cache = pool_forward(x, 2)
    dx = pool_backward(pooled, pool_cache)
    flat = x.reshape(2, -1)
    dense, dense_cache = dense_forward(flat, np.ones((flat.shape[1], 2), np.float32), [0.0, 0.0])
    results = [out, *grads, pooled, dx, dense, *dense_backward(dense, dense_cache)]
    assert {r.dtype for r in results} == {np.dtype(np.float32)}
    for now, before in zip((x, W, b), kept, strict=True):
        np.testing.assert_array_equal(now, before)


X, W3, B1 = np.ones((1, 3, 6, 6)), np.ones((1, 3, 3, 3)), np.zeros(1)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: conv2d_forward(X, W3[:, :1], B1), ValueError, "kernels of depth 3.*got depth 1"),
        (lambda: conv2d_forward(X, np.ones((1, 3, 7, 3)), B1), ValueError, "W: .*6 x 6.*7 x 3"),
        (lambda: conv2d_forward(X[0], W3, B1), ValueError, r"x: expected \(B, C, height, width\)"),
        (lambda: conv2d_forward(X, W3[0], B1), ValueError, "W: expected"),
        (lambda: conv2d_forward(X, W3, np.zeros(2)), ValueError, "b: expected"),
        (lambda: conv2d_forward(X, W3, B1, stride=0), ValueError, "stride: .*got 0"),
        (lambda: conv2d_forward(X, W3, B1, stride=1.5), TypeError, "stride"),
        (lambda: conv2d_forward(X, W3, B1, padding=-1), ValueError, "padding: .*got -1"),
        (lambda: conv2d_forward(X * np.nan, W3, B1), ValueError, "x: expected finite"),
        (lambda: conv2d_forward("photo", W3, B1), TypeError, "x: expected a real-number array"),
        (lambda: conv2d_backward(B1, conv2d_forward(X, W3, B1)[1]), ValueError, "dy"),
        (lambda: pool_forward(X, 7), ValueError, "size: .*6 x 6"),
        (lambda: pool_forward(X, 2, "median"), ValueError, "kind: .*median"),
        (lambda: pool_forward(X, 0), ValueError, "size: .*got 0"),
        (lambda: pool_backward(X, pool_forward(X, 2)[1]), ValueError, "dy: .*3, 3"),
        (lambda: dense_forward(np.ones((2, 5)), np.ones((4, 3)), np.zeros(3)), ValueError, "x: "),
        (lambda: dense_forward(X, np.ones((4, 3)), np.zeros(3)), ValueError, "x: expected 2 axes"),
        (lambda: output_size(4, 7), ValueError, "window: .*4, got 7"),
        (lambda: output_size(4, 3, padding=1.0), TypeError, "padding"),
    ],
)
def test_what_does_not_fit_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


# ---------------------------------------------------------------- the views


@pytest.mark.parametrize("loss", [views.ONE, views.ALL])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [("sharpen", 1, 0), ("random 5 × 5", 3, 4)]
)
def test_convolution_explorer_shows_the_true_gradients(kernel, stride, padding, loss):
    photo, W = photograph()[None], views.KERNELS[kernel][None, None]
    explorer = views.convolution_explorer()
    explorer.set(name=kernel, stride=stride, padding=padding, loss=loss, down=20, across=70)
    v = explorer.values
    np.testing.assert_allclose(
        v["out"], conv_by_loops(photo, W, [0.0], stride, padding)[0, 0], atol=1e-12
    )

    def value(q):
        out = conv2d_forward(q[0], q[1], [0.0], stride, padding)[0][0, 0]
        return out[v["row"], v["column"]] if loss == views.ONE else (out**2).sum() / 2

    report = gradient_check(
        value, (photo, W), (v["dx"][None, None], v["dW"][None, None]), directions=6,
        rng=np.random.default_rng(0), tolerance=1e-7,
    )  # fmt: skip
    assert report, report
    if loss == views.ONE:
        assert np.count_nonzero(v["dy"]) == 1
    explorer.close()


@pytest.mark.parametrize("kind", ["max", "mean"])
def test_pooling_explorer_shows_where_the_gradient_goes(kind):
    explorer = views.pooling_explorer()
    for window, stride in ((4, 4), (5, 2), (2, 6)):
        explorer.set(kind=kind, window=window, stride=stride)
        v = explorer.values
        assert v["out"].shape == (output_size(72, window, stride), output_size(60, window, stride))
        assert v["total"] == pytest.approx(v["out"].size)  # nothing is lost, nothing is added
        if stride >= window:
            per_window = window**2 if kind == "mean" else 1
            assert v["reached"] == v["out"].size * per_window
    explorer.close()


def test_zeros_around_the_photograph_are_black_and_only_there():
    explorer = views.convolution_explorer()
    explorer.set(padding=3)
    (zeros,) = explorer.figure.axes[0].patches[:1]
    xs, ys = zeros.get_xy().T
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == (-3, 63, -75, 3)
    area = abs(np.sum(xs[:-1] * ys[1:] - xs[1:] * ys[:-1])) / 2
    assert area == 78 * 66 - 72 * 60
    explorer.close()


def test_a_kernel_learns_its_nine_weights_back():
    x = photograph()[None] - photograph().mean()
    for name in ("brighter to the right", "copy"):
        W = views.KERNELS[name]
        wanted, _ = conv2d_forward(x, W[None, None], [0.0])
        kernels, losses = learn_kernel(x, wanted, 4.0, 400)
        assert not kernels[0].any()
        assert np.abs(kernels[-1] - W).max() < 0.02
        assert (np.diff(losses) <= 0).all()


def test_a_kernel_is_as_large_as_picture_and_map_leave_it():
    x = np.random.default_rng(0).normal(size=(1, 1, 4, 3))
    kernels, losses = learn_kernel(x, 2 * x, 0.5, 0)  # a map of the picture's size: one weight
    assert (kernels.shape, losses) == ((1, 1, 1), pytest.approx([2 * (x**2).mean()]))
    with pytest.raises(ValueError, match=r"wanted: expected at most x's \(4, 3\), got \(4, 4\)"):
        learn_kernel(x, np.ones((1, 1, 4, 4)), 0.5, 1)
    curvatures, directions = bowl(x[..., :3, :], 3)  # one window only, and one curved direction
    assert curvatures[-1] == pytest.approx((x[..., :3, :] ** 2).sum())
    assert np.abs(curvatures[:-1]).max() < 1e-12
    assert abs(directions[:, -1] @ x[..., :3, :].ravel()) == pytest.approx(curvatures[-1] ** 0.5)
    high = np.ones((1, 1, 5, 3)), np.ones((1, 1, 4, 3))
    with pytest.raises(ValueError, match="5 x 3, the image with its padding, got 4 x 4"):
        conv2d_forward(high[0], np.ones((1, 1, 4, 4)), [0.0])
    assert conv2d_forward(*high, [0.0])[0].shape == (1, 1, 2, 1)
    assert output_size(5, 3) == 3


@pytest.mark.parametrize(("centred", "rate"), [(True, 4.0), (False, 1.0), (False, 1.5)])
def test_learning_explorer_is_gradient_descent(centred, rate):
    """The closed form against the real passes, where it comes down and where it runs away."""
    explorer = views.learning_explorer()
    x = photograph()[None] - centred * photograph().mean()
    W = views.KERNELS["sharpen"]
    wanted, _ = conv2d_forward(x, W[None, None], [0.0])
    kernels, losses = learn_kernel(x, wanted, rate, 40)
    for step in (0, 10, 40):
        explorer.set(name="sharpen", centred=centred, rate=rate, step=step)
        np.testing.assert_allclose(explorer.values["learned"], kernels[step], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(explorer.values["loss"], losses[step], rtol=1e-6)
    assert (losses[-1] < losses[0]) == (rate < explorer.values["most"])
    explorer.show_preset("mean left in")
    explorer.set(step=300)
    assert np.isfinite(explorer.values["learned"]).all()
    explorer.close()


def test_the_forward_row_is_the_same_in_both_explorers():
    one, both = views.window_explorer(), views.convolution_explorer()
    for explorer in (one, both):
        explorer.set(name="sharpen", stride=2, padding=1, down=20, across=70)
    assert one.caption == both.caption[: len(one.caption)]
    np.testing.assert_array_equal(one.values["out"], both.values["out"])
    assert "loss" not in one.controls
    one.close()
    both.close()


def test_the_stamp_is_beside_the_map_and_only_for_one_output():
    explorer = views.convolution_explorer()
    ax = next(a for a in explorer.figure.axes if a.get_title("left") == "For the photograph: dx")
    _, stamp = ax.images
    assert stamp.get_visible()
    assert stamp.get_extent()[0] > 60  # right of the photograph's 60 columns
    np.testing.assert_array_equal(stamp.get_array()[::-1], views.KERNELS["brighter to the right"])
    explorer.set(loss=views.ALL)
    assert not stamp.get_visible()
    explorer.close()


def test_the_loss_is_the_sum_of_the_directions_parts():
    explorer = views.learning_explorer()
    for rate in (4, 5):
        explorer.set(rate=rate, step=9)
        v = explorer.values
        assert v["parts"].sum() == pytest.approx(v["loss"])
        _, losses = learned_at("brighter to the right", rate, 9)
        assert v["loss"] == pytest.approx(losses[9])
        assert (v["parts"].argmax() == 8) == (rate == 5)  # then the most curved one rules
    explorer.close()


def learned_at(name, rate, steps):
    """The run of `learn_kernel` on the photograph without its mean."""
    x = photograph()[None] - photograph().mean()
    wanted, _ = conv2d_forward(x, views.KERNELS[name][None, None], [0.0])
    return learn_kernel(x, wanted, rate, steps)


def test_above_the_limit_the_loss_falls_first_and_then_runs_away():
    _, losses = learned_at("brighter to the right", 5.0, 60)
    assert losses.argmin() == 9
    assert losses[0] > 40 * losses[9]
    assert losses[-1] > 1e3 * losses[0]
    _, blurred = learned_at("blur 3 × 3", 5.0, 5)
    assert (np.diff(blurred) > 0).all()


def test_the_curvatures_say_which_rates_come_down():
    x = photograph()[None]
    curvature, directions = bowl(x, 3)
    assert (np.diff(curvature) >= 0).all()
    np.testing.assert_allclose(directions.T @ directions, np.eye(9), atol=1e-12)
    limit = 2 / curvature[-1]
    error = directions[:, -1].reshape(3, 3)  # along the most curved direction alone
    wanted, _ = conv2d_forward(x, error[None, None], [0.0])
    for rate in (0.99 * limit, 1.01 * limit):
        kernels, losses = learn_kernel(x, wanted, rate, 20)
        off = np.abs(kernels - error).max(axis=(1, 2))
        np.testing.assert_allclose(off[1:] / off[:-1], abs(1 - rate * curvature[-1]), rtol=1e-6)
        assert (losses[-1] < losses[0]) == (rate < limit)


@pytest.mark.parametrize(
    ("make", "given"),
    [("numbers", ()), ("depth", ()), ("pool_numbers", ()), ("bowl", (14,)), ("chain", ()),
     ("stack", (np.zeros((1, 1, 9, 9)), np.zeros((1, 4, 7, 7)), np.zeros((1, 1, 5, 5)))),
     ("directions", (np.array([0.1, 0.2, 0.3, 0.4]), np.eye(4), 4, np.ones((2, 2)))),
     ("lines", (np.zeros((2, 3, 12, 12)), ["one line", "another line"], [(2, 2), (6, 6)])),
     ("kernels", (np.ones((4, 3, 3, 3)), np.zeros((4, 3, 3, 3)), np.ones((2, 12, 12)),
                  np.ones((2, 4, 5, 5)), (0, 3)))],
)  # fmt: skip
def test_pictures_say_what_they_show(make, given):
    home = figures if hasattr(figures, make + "_picture") else figures_network
    figure = getattr(home, make + "_picture")(*given)
    assert len(figure.alt) > 80
    assert figure.png()[:4] == b"\x89PNG"


# ---------------------------------------------------------------- the checkers


def kernel_by_loops(dy, x):
    rows, columns = dy.shape
    dW = np.zeros((x.shape[0] - rows + 1, x.shape[1] - columns + 1))
    for i, j in np.ndindex(dW.shape):
        dW[i, j] = (dy * x[i : i + rows, j : j + columns]).sum()
    return dW


def kernel_by_windows(dy, x):
    windows = np.lib.stride_tricks.sliding_window_view(x, dy.shape)
    return np.einsum("ijrc,rc->ij", windows, dy)


def kernel_by_patches(dy, x):
    shape = np.subtract(x.shape, dy.shape) + 1
    return sum(dy[r, c] * x[r : r + shape[0], c : c + shape[1]] for r, c in np.ndindex(dy.shape))


def kernel_by_forward(dy, x):
    return conv2d_forward(x[None, None], dy[None, None], [0.0])[0][0, 0].tolist()


def max_by_loops(dy, x, size):
    dx = np.zeros(x.shape)
    for r, c in np.ndindex(dy.shape):
        window = x[r * size : (r + 1) * size, c * size : (c + 1) * size]
        i, j = np.unravel_index(window.argmax(), window.shape)
        dx[r * size + i, c * size + j] += dy[r, c]
    return dx


def max_by_mask(dy, x, size):
    blocks = x.reshape(dy.shape[0], size, dy.shape[1], size)
    winner = blocks == blocks.max(axis=(1, 3), keepdims=True)
    return (winner * dy[:, None, :, None]).reshape(x.shape)


def max_by_kron(dy, x, size):
    ones = np.ones((size, size))
    largest = pool_forward(x[None, None], size)[0][0, 0]
    return np.where(x == np.kron(largest, ones), np.kron(dy, ones), 0)


def max_by_layer(dy, x, size):
    return pool_backward(dy[None, None], pool_forward(x[None, None], size)[1])[0, 0]


def max_in_place(dy, x, size):
    x[:] = max_by_mask(dy, x, size)
    return x


def max_in_the_corner(dy, x, size):
    dx = np.zeros(x.shape)
    for r, q in np.ndindex(dy.shape):
        window = x[r * size : (r + 1) * size, q * size : (q + 1) * size]
        dx[np.unravel_index(window.argmax(), window.shape)] += dy[r, q]
    return dx


def max_of_all(dy, x, size):
    return np.where(x == x.max(), np.kron(dy, np.ones((size, size))), 0)


def spread(dy, x, size):
    return np.kron(dy, np.ones((size, size)))


def moving(row, column, weight=1.0):
    """A kernel with one weight."""
    W = np.zeros((3, 3))
    W[row, column] = weight
    return W


RIGHT = [
    (check.shift_kernel, lambda: moving(1, 2)),
    (check.shift_kernel, lambda: [[0, 0, 0], [0, 0, 1], [0, 0, 0]]),
    (check.shift_kernel, lambda: np.eye(9)[5].reshape(3, 3)),
    *((check.kernel_gradient, f) for f in (kernel_by_loops, kernel_by_windows)),
    *((check.kernel_gradient, f) for f in (kernel_by_patches, kernel_by_forward)),
    *((check.max_backward, f) for f in (max_by_loops, max_by_mask, max_by_kron, max_by_layer)),
]

WRONG = [
    (check.shift_kernel, lambda: np.zeros((3, 3)), "every weight is 0"),
    (check.shift_kernel, lambda: moving(1, 0), "to the right"),
    (check.shift_kernel, lambda: moving(1, 1), "where it is"),
    (check.shift_kernel, lambda: moving(2, 1), "up or down"),
    (check.shift_kernel, lambda: moving(0, 1), "up or down"),
    (check.shift_kernel, lambda: moving(1, 2, 0.5), "brightness"),
    (check.shift_kernel, lambda: moving(1, 2) + moving(1, 0), "your map"),
    (check.shift_kernel, lambda: np.eye(5), r"expected a kernel of \(3, 3\)"),
    (check.shift_kernel, lambda: moving(1, 2) * np.nan, "no numbers|real numbers"),
    (check.kernel_gradient, lambda d, x: kernel_by_loops(d, x)[::-1, ::-1], "180 degrees"),
    (check.kernel_gradient, lambda d, x: kernel_by_loops(np.ones_like(d), x), "dy is missing"),
    (check.kernel_gradient, lambda d, x: kernel_by_loops(d, x) / d.size, "add up"),
    (check.kernel_gradient, lambda d, x: d * 1, r"the kernel's, \(3, 4\)"),
    (check.kernel_gradient, lambda d, x: -kernel_by_loops(d, x), "sign"),
    (check.kernel_gradient, lambda d, x: kernel_by_loops(d, x).T, "transposed"),
    (check.kernel_gradient, lambda d, x: d * x, "ValueError"),
    (check.max_backward, lambda d, x, k: spread(d, x, k) / k**2, "mean pooling"),
    (check.max_backward, spread, "every pixel of a window"),
    (check.max_backward, lambda d, x, k: max_by_mask(d, x, k) != 0, "not 1"),
    (check.max_backward, lambda d, x, k: max_by_mask(d, x, k) * x, "slope is 1"),
    (check.max_backward, max_of_all, "whole image"),
    (check.max_backward, lambda d, x, k: max_by_mask(d, -x, k), "smallest"),
    (check.max_backward, lambda d, x, k: d * 1, r"expected x's, \(4, 6\)"),
    (check.max_backward, max_in_the_corner, "inside the window"),
    (check.max_backward, max_in_place, "changed the array"),
    (check.max_backward, 3, "expected a function"),
]


@pytest.mark.parametrize(("checker", "answer"), RIGHT)
def test_checkers_accept_every_right_form(checker, answer):
    verdict = checker(answer)
    assert verdict, verdict


@pytest.mark.parametrize(("checker", "answer", "hint"), WRONG)
def test_checkers_refuse_with_the_right_hint(checker, answer, hint):
    verdict = checker(answer)
    assert not verdict
    assert re.search(hint, verdict.message), verdict


def test_window_picture_adds_up_one_value():
    window, kernel = np.arange(9.0).reshape(3, 3) / 10, np.full((3, 3), -0.5)
    figure = figures.window_picture(window, kernel)
    assert "add up to −1.800" in figure.alt
    products = [text.get_text() for text in figure.axes[2].texts]
    assert products == ["0.000", *(f"−{0.05 * n:.3f}" for n in range(1, 9))]
    assert figure.png()[:4] == b"\x89PNG"
    with pytest.raises(ValueError, match="kernel"):
        figures.window_picture(window, kernel[:2])


def test_shift_picture_labels_every_line_at_its_own_end():
    figure = figures.shift_picture({"one": [0.8, 0.5], "other": [0.8, 0.9]}, (1, 2))
    (ax,) = figure.axes
    assert [list(line.get_ydata()) for line in ax.lines] == [[0.8, 0.5], [0.8, 0.9]]
    places = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert places["one: 50%"] == 0.5
    assert places["other: 90%"] == 0.9
    assert "no pooling: 80%" in places
    assert "For k = 1, 2: one 80%, 50%; other 80%, 90%." in figure.alt
    assert figure.png()[:4] == b"\x89PNG"


def test_dots_picture_draws_a_dot_for_each_seed():
    shares = {"one": [[1.0, 0.5], [0.99, 0.4]], "other": [[1.0, 1.0], [1.0, 0.98]]}
    figure = figures_network.dots_picture(shares, (0.45, 0.55), "one is right", ["here", "there"])
    (ax,) = figure.axes
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    for line, want in zip(dots, ([1, 0.99], [0.5, 0.4], [1, 1], [1, 0.98]), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), want)
    assert "one, here: 99% to 100%; one, there: 40% to 50%; other, here: 100%" in figure.alt
    with pytest.raises(ValueError, match="guess"):
        figures_network.dots_picture(shares, (0.5,), "", ["here", "there"])
    for kinds in ([], ["here"], ["one", "two", "three"]):
        with pytest.raises(ValueError, match=r"kinds|shares"):
            figures_network.dots_picture(shares, (0.45, 0.55), "", kinds)


def test_curves_picture_draws_a_line_for_each_seed():
    shares = {"one": [[0.5, 0.75, 1.0], [0.6, 0.7, 0.9]], "other": [[0.5, 0.8]]}
    figure = figures_network.curves_picture(shares, (10, 100, 1000), "one is sooner")
    for ax, (name, values) in zip(figure.axes, shares.items(), strict=True):
        assert ax.get_title(loc="left") == name
        for line, want in zip(ax.lines, values, strict=True):
            np.testing.assert_array_equal(line.get_ydata(), want)
            np.testing.assert_array_equal(line.get_xdata(), (10, 100, 1000)[: len(want)])
    assert "one: after 10 50% to 60%, after 100 70% to 75%, after 1,000 90% to 100%" in figure.alt
    with pytest.raises(ValueError, match="marks"):
        figures_network.curves_picture(shares, (10, 100), "")


def answering(answers):
    """A net that gives these answers, whatever it is shown."""
    return lab.Net(None, lambda images, weights: (answers, None, None), None)


def test_right_counts_the_larger_answer():
    net, wanted = answering([[0.1, 0.2], [3, -1], [0, -1]]), [[-1, 1], [1, -1], [-1, 1]]
    assert lab.right(net, None, (None, wanted)) == 2 / 3
    for wrong in ([[0.1, 0.2]], [0.1, 0.2]):
        with pytest.raises(ValueError, match=r"wanted|answers"):
            lab.right(answering(wrong), None, (None, [[-1, 1], [1, -1]]))


def test_guessing_is_right_as_often_as_one_kind_comes():
    wanted = [[1, -1], [-1, 1], [-1, 1], [-1, 1]]
    np.testing.assert_array_equal(lab.guessing((None, wanted)), [0.25, 0.75])
    with pytest.raises(ValueError, match="at least one"):
        lab.guessing((None, np.zeros((0, 2))))


def test_a_new_last_layer_is_the_best_one_and_the_kernels_stay():
    net, rng = lab.cnn(2), np.random.default_rng(0)
    weights, pictures = net.start(rng), short_lines(200, rng)
    fitted = lab.refit(net, weights, pictures)
    assert fitted[0] is weights[0]
    assert fitted[1] is weights[1]
    left = net.run(pictures[0], fitted)[0] - pictures[1]
    features = net.run(pictures[0], weights)[1]
    assert np.abs(features.T @ left).max() < 1e-9  # nothing that it sees would take off more
    assert np.abs(left.sum(axis=0)).max() < 1e-9


def test_least_squares_finds_the_layer_that_made_the_answers():
    rng = np.random.default_rng(0)
    x, W, b = rng.normal(size=(20, 5)), rng.normal(size=(5, 2)), rng.normal(size=2)
    for found, true in zip(lab.least_squares(x, dense_forward(x, W, b)[0]), (W, b), strict=True):
        np.testing.assert_allclose(found, true, atol=1e-12)
    with pytest.raises(ValueError, match="as many rows"):
        lab.least_squares(x, np.zeros((19, 2)))


def test_an_mlp_for_the_lines_has_gradients_that_hold():
    net = lab.mlp(4)
    rng = np.random.default_rng(0)
    weights, (images, goal) = net.start(rng), short_lines(5, rng)
    assert sum(w.size for w in weights) == 1742
    answers, features, caches = net.run(images, weights)
    np.testing.assert_allclose(np.tanh(features @ weights[2] + weights[3]), answers)
    report = gradient_check(
        lambda w: ((net.run(images, w)[0] - goal) ** 2).sum() / 2,
        weights,
        net.back(answers - goal, caches),
    )
    assert report.ok


def functions_of_the_page(*names):
    """Notebook 11's functions in these cells, in a namespace with what they need."""
    path = Path(__file__).parent.parent / "notebooks" / "11_convolution.ipynb"
    cells = {c["id"]: "".join(c["source"]) for c in json.loads(path.read_text("utf-8"))["cells"]}
    page = {"np": np, "lab": lab, "short_lines": short_lines}
    page |= {f.__name__: f for f in (conv2d_forward, conv2d_backward, pool_forward, pool_backward)}
    page |= {f.__name__: f for f in (dense_forward, dense_backward)}
    for name in names:
        for part in ast.parse(cells[name]).body:
            if isinstance(part, ast.FunctionDef):
                exec(ast.unparse(part), page)
    return page


@pytest.mark.parametrize(("size", "kind"), [(2, "max"), (10, "max"), (10, "mean")])
def test_the_packages_network_and_training_are_those_that_the_page_writes_down(size, kind):
    page = functions_of_the_page("b39", "b39b", "train", "run")
    mine = lab.train(lab.cnn(size, kind), np.random.default_rng(0), (2, 3), 0.1)
    written = page["train"](page["make_cnn"](size, kind), np.random.default_rng(0), (2, 3), 0.1)
    assert len(mine) == len(written) == 3
    for weights, same in zip(mine, written, strict=True):
        for w, v in zip(weights, same, strict=True):
            np.testing.assert_array_equal(w, v)


def test_the_last_tasks_answers_are_what_the_pages_networks_do():
    """Notebook 11: trained in both squares, 2 x 2 pooling is right in both; a mean stays as it is."""
    page = functions_of_the_page("moved-view", "refit")

    def shares(net, draw):
        for seed in range(4):
            weights = lab.train(net, np.random.default_rng(seed), [100], 0.1, draw)[-1]
            tests = (page[where](400, np.random.default_rng(9)) for where in ("in_square", "moved"))
            yield [lab.right(net, weights, test) for test in tests]

    assert np.min([*shares(lab.cnn(2), page["in_either"])]) > 0.98
    here, there = np.transpose([*shares(lab.cnn(10, "mean"), page["in_square"])])
    assert np.abs(here - there).max() < 0.02
    assert np.max([here, there]) < 0.7


def test_directions_picture_shows_each_direction_with_its_curvature_and_factor():
    curvature, directions = bowl(photograph()[None] - photograph().mean(), 3)
    kernel = views.KERNELS["brighter to the right"]
    figure = figures.directions_picture(curvature, directions, 4, kernel)
    for ax, bend, direction in zip(figure.axes, curvature, directions.T, strict=True):
        shown = ax.images[0].get_array()[::-1].ravel()
        assert abs(shown @ direction) == pytest.approx(1)
        assert shown[np.abs(shown).argmax()] > 0
        assert ax.get_title(loc="center") == f"λ = {bend:.3f}"
        error = abs(kernel.ravel() @ direction)
        assert ax.get_xlabel() == f"{error:.2f}\n× {1 - 4 * bend:.2f}".replace("-", "−")
        assert len(ax.patches) == (error > 0.2)  # the two largest, 0.82 and 0.24, are framed
    assert (figure.axes[-1].images[0].get_array() > 0).all()  # all nine rise together
    for wrong in (
        (curvature, directions[:8], 4, kernel),
        (curvature, directions, np.nan, kernel),
        (curvature, directions, 4, kernel[:2]),
    ):
        with pytest.raises(ValueError, match=r"directions|rate|kernel"):
            figures.directions_picture(*wrong)


def test_kernels_picture_draws_weights_and_what_two_lines_change():
    rng = np.random.default_rng(0)
    before, after = rng.normal(size=(2, 4, 3, 3, 3))
    lines, changes = rng.normal(size=(2, 12, 12)), rng.normal(size=(2, 4, 5, 5))
    figure = figures_network.kernels_picture(before, after, lines, changes, (1, 3))
    drawn = [ax.images[0].get_array()[::-1] for ax in figure.axes]
    wanted = [
        table
        for n in (1, 3)
        for table in (
            before[n].mean(axis=0), after[n].mean(axis=0),
            lines[0], changes[0, n], lines[1], changes[1, n],
        )
    ]  # fmt: skip
    for shown, want in zip(drawn, wanted, strict=True):
        np.testing.assert_array_equal(shown, want)
    for columns in ((0, 1), (3, 5)):  # one scale for the weights, one for the answers
        places = [6 * row + column for row in (0, 1) for column in columns]
        (scale,) = {figure.axes[place].images[0].get_clim() for place in places}
        assert scale[1] == pytest.approx(max(np.abs(wanted[place]).max() for place in places))
    with pytest.raises(ValueError, match="changes"):
        figures_network.kernels_picture(before, after, lines, changes[:, :1], (1, 3))


def test_bowl_picture_walks_as_gradient_descent_does():
    photo = photograph()[0] - photograph().mean()
    windows = np.lib.stride_tricks.sliding_window_view(photo, (1, 2)).reshape(-1, 2)
    products = windows.T @ windows / len(windows)
    (ax,) = figures.bowl_picture(14).axes
    walk = next(line.get_xydata() for line in ax.lines if len(line.get_xdata()) == 13)
    np.testing.assert_allclose(walk[1:], walk[:-1] - 14 * walk[:-1] @ products, atol=1e-12)
    with pytest.raises(ValueError, match="rate"):
        figures.bowl_picture(np.nan)


def test_stack_picture_draws_four_maps_and_one():
    maps, second = np.ones((1, 4, 7, 7)), -np.ones((1, 1, 5, 5))
    figure = figures.stack_picture(photograph()[None], maps, second)
    assert sum(ax.images[0].get_array().shape == (7, 7) for ax in figure.axes) == 4
    with pytest.raises(ValueError, match="maps"):
        figures.stack_picture(photograph()[None], maps[:, :3], second)


def test_lines_picture_refuses_titles_that_do_not_fit():
    with pytest.raises(ValueError, match="images"):
        figures_network.lines_picture(np.zeros((2, 3, 12, 12)), ["one"])


@pytest.mark.parametrize(("low", "high"), [(2, 10), (2, 6), (0, 12)])
def test_short_lines_lie_where_they_should_and_brightness_does_not_tell(low, high):
    images, wanted = short_lines(4000, np.random.default_rng(0), low, high)
    if (low, high) == (2, 10):  # where lines lie unless told otherwise
        np.testing.assert_array_equal(images, short_lines(4000, np.random.default_rng(0))[0])
    assert images.shape == (4000, 3, 12, 12)
    assert {tuple(answer) for answer in wanted} == {(1, -1), (-1, 1)}
    bright = images.mean(axis=1) > 0.5  # a mean over three channels: noise is rarely this bright
    down = wanted[:, 1] > 0
    for kind, axis in ((down, 1), (~down, 2)):  # a line has four pixels in one column or row
        assert (bright[kind].sum(axis=axis).max(axis=1) >= 4).mean() > 0.95
    seen = np.argwhere(bright.mean(axis=0) > 0.005)
    assert seen.min() == low
    assert seen.max() == high - 1
    brighter = images.sum(axis=(1, 2, 3))
    assert abs(((brighter > np.median(brighter)) == down).mean() - 0.5) < 0.03


def test_depth_picture_adds_on_one_scale():
    figure = figures.depth_picture()
    *parts, total = (ax.images[0] for ax in figure.axes[4:])
    np.testing.assert_allclose(
        sum(part.get_array() for part in parts), total.get_array(), atol=1e-12
    )
    assert {image.get_clim() for image in (*parts, total)} == {(-1, 1)}
    assert [text.get_text() for ax in figure.axes for text in ax.texts] == ["+", "+", "="]


def test_pooling_explorer_draws_the_windows_that_lie_side_by_side():
    explorer = views.pooling_explorer()
    _, _, ax = explorer.figure.axes
    (grid,) = ax.lines
    for window, stride, kinds in ((4, 4, 18 + 15 + 2), (4, 2, 0), (1, 1, 0)):
        explorer.set(window=window, stride=stride)
        x, y = np.array(grid.get_data(), float)
        assert np.isnan(x).sum() == kinds
        if kinds:
            assert (np.nanmax(x), np.nanmin(y)) == (60, -72)
            assert set(x[~np.isnan(x)] % 4) == {0}
    explorer.close()


def test_learning_explorer_labels_the_slow_directions_by_their_factors():
    explorer = views.learning_explorer()
    words = [text.get_text() for text in explorer.figure.axes[2].texts]
    assert [word for word in words if word.startswith("loss ×")] == ["loss × 0.969", "loss × 0.964"]
    assert "most curved, λ = 0.434: loss × 0.54 a step" in words
    explorer.set(rate=5)
    words = [text.get_text() for text in explorer.figure.axes[2].texts]
    assert "most curved, λ = 0.434: loss × 1.37 a step" in words
    assert "above 1: not drawn" in words
    explorer.close()


def test_lost_explorer_goes_the_way_of_gradient_descent():
    explorer = views.lost_explorer()
    centred = photograph()[None] - photograph().mean()
    for name in ("brighter to the right", "sharpen"):
        wanted, _ = conv2d_forward(centred, views.KERNELS[name][None, None], [0.0])
        kernels, losses = learn_kernel(centred, wanted, rate=4.0, steps=views.STEPS)
        for step in (0, 3, views.STEPS):
            explorer.set(name=name, step=step)
            np.testing.assert_allclose(explorer.values["learned"], kernels[step], atol=1e-9)
            assert explorer.values["loss"] == pytest.approx(losses[step], rel=1e-6)
            mine, goal = (ax.images[0].get_clim() for ax in explorer.figure.axes[:2])
            assert mine == goal  # one scale of colours for both kernels
            made, _ = conv2d_forward(centred, kernels[None, None, step], [0.0])
            np.testing.assert_allclose(explorer.values["made"], made[0, 0], atol=1e-8)
    explorer.close()


def test_moved_maps_picture_draws_both_on_their_own_scale():
    rng = np.random.default_rng(0)
    pictures, maps = rng.uniform(size=(2, 9, 9)), rng.normal(size=(2, 7, 7))
    figure = figures.moved_maps_picture(pictures, maps, 2)
    drawn = [ax.images[0].get_array()[::-1] for ax in figure.axes]
    for shown, want in zip(drawn, (pictures[0], maps[0], pictures[1], maps[1]), strict=True):
        np.testing.assert_array_equal(shown, want)
    assert "moved by 2 as well" in figure.alt
    with pytest.raises(ValueError, match="two each"):
        figures.moved_maps_picture(pictures[:1], maps, 2)


def test_receptive_picture_shades_what_one_value_sees():
    (ax,) = figures.receptive_picture().axes
    cells = [patch for patch in ax.patches if patch.get_width() == 1 and patch.get_fill()]
    shaded = [patch for patch in cells if patch.get_facecolor()[:3] != (1, 1, 1)]
    assert (len(cells), len(shaded)) == (49 + 25 + 9, 25 + 9 + 1)


def small_network(size, rng):
    values = 4 * (10 // size) ** 2
    return rng.normal(size=(4, 3, 3, 3)), rng.normal(size=4), rng.normal(size=(values, 2)), [1, 2]


@pytest.mark.parametrize("size", [2, 10])
def test_what_the_kernels_and_the_black_picture_add_is_the_answers_difference(size):
    weights = small_network(size, np.random.default_rng(size))
    explorer = views.line_explorer({"mine": (weights, size)})
    dark = np.tanh(conv2d_forward(np.zeros((1, 3, 12, 12)), *weights[:2])[0])
    black = pool_forward(dark, size, "max")[0]
    for kind, down, right, pixels in (
        ("horizontal", 0, 0, np.s_[3, 2:6]), ("horizontal", 3, 6, np.s_[6, 8:12]),
        ("vertical", 4, 1, np.s_[6:10, 4]),
    ):  # fmt: skip
        image = np.zeros((1, 3, 12, 12))
        image[(0, slice(None), *pixels)] = 1
        maps = np.tanh(conv2d_forward(image, *weights[:2])[0])
        cells, _ = pool_forward(maps, size, "max")
        answers = dense_forward(cells.reshape(1, -1), *weights[2:])[0][0]
        explorer.set(kind=kind, down=down, right=right, kernel=1)
        seen = explorer.values
        np.testing.assert_allclose(seen["answers"], answers, rtol=1e-12)
        assert seen["parts"].sum() + seen["black"] == pytest.approx(answers[0] - answers[1])
        assert seen["said"] == ("horizontal" if answers[0] > answers[1] else "vertical")
        assert seen["fine"] == (seen["said"] == kind)
        drawn = explorer.figure.axes[0].images[0].get_array()[::-1]
        np.testing.assert_array_equal(drawn, image[0, 0])
        assert explorer.figure.axes[2].images[0].get_array().shape == cells.shape[2:]
        home = np.zeros((12, 12))  # the upper row: the same line in the square
        home[np.s_[3, 2:6] if kind == "horizontal" else np.s_[2:6, 3]] = 1
        drawn = explorer.figure.axes[5].images[0].get_array()[::-1]
        np.testing.assert_array_equal(drawn, home)
        reached = np.argwhere(np.abs(cells - black).max(axis=(0, 1)) > 0)
        frame = explorer.figure.axes[3].patches[0].get_bbox()
        ends = [*(frame.intervalx * len(cells[0, 0])), *(-frame.intervaly * len(cells[0, 0]))]
        (top, left), (low, right) = reached.min(axis=0), reached.max(axis=0) + 1
        np.testing.assert_allclose(sorted(ends), sorted([left, right, top, low]), atol=1e-9)
    explorer.set(down=0, right=0)
    np.testing.assert_array_equal(explorer.values["parts"], explorer.values["parts_at_home"])
    assert explorer.values["at_home"] == explorer.values["said"]
    explorer.close()


def test_the_random_kernels_tell_lines_in_the_square_apart():
    explorer = views.line_explorer()
    for network in explorer.controls["network"].options:
        for kind in ("horizontal", "vertical"):
            explorer.set(network=network, kind=kind, down=0, right=0)
            assert explorer.values["fine"], network
    explorer.close()


def test_a_moved_lines_networks_fit_its_picture():
    good = small_network(2, np.random.default_rng(1))
    for wrong, error in (
        ([], TypeError), ({}, TypeError),
        ({"a": ((*good[:2], good[2][:-1], good[3]), 2)}, ValueError),
        ({"a": ((good[0][:, :2], *good[1:]), 2)}, ValueError),
    ):  # fmt: skip
        with pytest.raises(error, match=r"networks|W"):
            views.line_explorer(wrong)


def test_span_writes_the_least_and_the_largest_share():
    assert lab.span([0.5, 0.461, 0.56]) == "46% to 56%"
    assert lab.span((1.0, 0.999)) == "100%"
    for wrong, error in (([], ValueError), ([np.nan], ValueError), ("1", TypeError)):
        with pytest.raises(error, match="shares"):
            lab.span(wrong)
