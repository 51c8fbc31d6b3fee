"""The three kinds of layer of a convolutional network, forward and backward, in plain NumPy.

Convolution, pooling and the fully connected layer of notebook 11; numbers in brackets, such
as (11.1), are its equations. Each backward stands right under its forward.

Axes: B batch, C channels (the depth) of the input, N output maps, then height and width:
images are (B, C, height, width). Names: `dz` is dL/dz for the loss L. A forward returns its
result and a cache, which its backward takes. No function changes an array that it was given.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lstm_inside import validate

# ---------------------------------------------------------------- convolution


def output_size(size, window, stride=1, padding=0) -> int:
    """How many windows fit along one side (11.2): floor((size + 2 padding - window) / stride) + 1.

    size, window, stride: whole numbers of at least 1; padding: of at least 0.
    Raises ValueError or TypeError for other numbers and for a window that does not fit.
    """
    for name, n in (("size", size), ("window", window), ("stride", stride)):
        validate.count(name, n)
    validate.whole("padding", padding, least=0)
    if window > size + 2 * padding:
        raise ValueError(
            f"window: expected at most size + 2 padding = {size + 2 * padding}, got {window}"
        )
    return (size + 2 * padding - window) // stride + 1


def conv2d_forward(x, W, b, stride=1, padding=0):
    """Slide every kernel over every image (11.1): (B, C, height, width) -> (B, N, rows, columns).

    x (B, C, height, width). W (N, C, k_h, k_w): N kernels, each as deep as x. b (N,).
    stride: how far the window moves from one output to the next. padding: how many zeros
    are laid around each side. Rows and columns are those of `output_size`.
    Returns y, cache. The result has W's dtype.
    Raises ValueError or TypeError, naming the argument, for what does not fit.
    Source: LeCun et al. 1998; like all of today's libraries it does not flip the kernel.
    """
    x, W, b = _check_conv(x, W, b)
    validate.count("stride", stride)
    validate.whole("padding", padding, least=0)
    window = W.shape[2:]
    _check_window("W", window, [n + 2 * padding for n in x.shape[2:]])

    around = (padding, padding)
    padded = np.pad(x, ((0, 0), (0, 0), around, around))
    windows = _windows(padded, window, stride)  # (B, C, rows, columns, k_h, k_w)
    y = np.tensordot(W, windows, axes=((1, 2, 3), (1, 4, 5)))  # -> (N, B, rows, columns)
    y = y.swapaxes(0, 1) + b[:, None, None]  # (11.1)
    return y, (windows, W, padded.shape, stride, padding)


def conv2d_backward(dy, cache):
    """From dy = dL/dy (B, N, rows, columns) to dx, dW and db (11.3)-(11.5).

    Returns dx (B, C, height, width), dW (N, C, k_h, k_w), db (N,).
    Raises ValueError or TypeError for a `dy` that is not shaped like y, no cache.
    """
    windows, W, padded_shape, stride, padding = _check_cache(cache, 5, "conv2d_forward")
    B, _, rows, columns = windows.shape[:4]
    dy = validate.array("dy", dy, (B, len(W), rows, columns), "(B, N, rows, columns)", W.dtype)

    dW = np.tensordot(windows, dy, axes=((0, 2, 3), (0, 2, 3)))  # -> (C, k_h, k_w, N)
    dW = np.moveaxis(dW, -1, 0)  # (11.3)
    db = dy.sum(axis=(0, 2, 3))  # (11.4)
    dpadded = np.zeros(padded_shape, W.dtype)
    stamps = np.tensordot(W, dy, axes=(0, 1))  # -> (C, k_h, k_w, B, rows, columns)
    for i, j in np.ndindex(W.shape[2:]):
        under = _under(dpadded, i, j, rows, columns, stride)
        under += stamps[:, i, j].swapaxes(0, 1)  # (11.5)
    inner = slice(padding, -padding or None)
    return dpadded[:, :, inner, inner], dW, db


# ---------------------------------------------------------------- pooling


def pool_forward(x, size, kind="max", stride=None):
    """Replace every window of size x size by one number (11.6), (11.7), channel by channel.

    x (B, C, height, width). kind: "max" or "mean". stride: `size` if missing, so that the
    windows lie side by side. Returns y (B, C, rows, columns), cache; y has x's dtype.
    Raises ValueError or TypeError, naming the argument, for what does not fit.
    """
    x = _check_image(x)
    validate.count("size", size)
    stride = size if stride is None else stride
    validate.count("stride", stride)
    if kind not in ("max", "mean"):
        raise ValueError(f'kind: expected "max" or "mean", got {kind!r}')
    _check_window("size", (size, size), x.shape[2:])

    windows = _windows(x, (size, size), stride)
    windows = windows.reshape(*windows.shape[:4], size * size)
    if kind == "mean":
        y, winner = windows.mean(axis=-1), None  # (11.6)
    else:
        winner = windows.argmax(axis=-1)  # the first one, where several are the largest
        y = np.take_along_axis(windows, winner[..., None], axis=-1)[..., 0]  # (11.7)
    return y, (x.shape, size, stride, winner)


def pool_backward(dy, cache):
    """From dy (B, C, rows, columns) to dx (B, C, height, width) (11.8), (11.9).

    A mean gives each of its inputs an equal share; a maximum gives everything to the winner.
    Raises ValueError or TypeError for a `dy` that is not shaped like y, no cache.
    """
    shape, size, stride, winner = _check_cache(cache, 4, "pool_forward")
    rows, columns = (output_size(n, size, stride) for n in shape[2:])
    dy = validate.real("dy", dy)
    dtype = np.result_type(dy, np.float32)
    dy = validate.array("dy", dy, (*shape[:2], rows, columns), "(B, C, rows, columns)", dtype)

    dx = np.zeros(shape, dtype)
    for n, (i, j) in enumerate(np.ndindex(size, size)):
        share = 1 / size**2 if winner is None else winner == n  # (11.8) or (11.9)
        under = _under(dx, i, j, rows, columns, stride)
        under += dy * share
    return dx


# ---------------------------------------------------------------- fully connected


def dense_forward(x, W, b):
    """Every output sees every input (11.10): x (B, D), W (D, N), b (N,) -> y (B, N), cache.

    Images are laid out in a row first: `x.reshape(B, -1)`. The result has W's dtype.
    Raises ValueError or TypeError, naming the argument, for what does not fit.
    """
    W, b = _check_weights(W, b, 2, "(D, N)")
    D, N = W.shape
    b = validate.array("b", b, (N,), "(N,)", W.dtype)
    x = validate.real("x", x, ndim=2)
    if not len(x):
        raise ValueError(f"x: expected a batch of at least 1, got shape {x.shape}")
    x = validate.array("x", x, (len(x), D), "(B, D)", W.dtype)

    y = x @ W + b  # (11.10): (B, D) @ (D, N) -> (B, N)
    return y, (x, W)


def dense_backward(dy, cache):
    """From dy (B, N) to dx (B, D), dW (D, N) and db (N,) (11.11)-(11.13).

    Raises ValueError or TypeError for a `dy` that is not shaped like y, no cache.
    """
    x, W = _check_cache(cache, 2, "dense_forward")
    dy = validate.array("dy", dy, (len(x), W.shape[1]), "(B, N)", W.dtype)

    dx = dy @ W.T  # (11.11)
    dW = x.T @ dy  # (11.12)
    db = dy.sum(axis=0)  # (11.13)
    return dx, dW, db


# ---------------------------------------------------------------- windows, and what is let in


def _windows(x, window, stride):
    """A view of every window: (B, C, height, width) -> (B, C, rows, columns, *window)."""
    return sliding_window_view(x, window, axis=(2, 3))[:, :, ::stride, ::stride]


def _under(x, i, j, rows, columns, stride):
    """A view of the pixels that lie under place (i, j) of every window: (B, C, rows, columns)."""
    return x[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride]


def _check_cache(cache, count, forward):
    if not isinstance(cache, tuple) or len(cache) != count:
        raise TypeError(f"cache: expected what {forward} returned, got {validate.describe(cache)}")
    return cache


def _check_window(name, window, sides):
    if window[0] > sides[0] or window[1] > sides[1]:
        raise ValueError(
            f"{name}: expected a window of at most {sides[0]} x {sides[1]}, the image with its "
            f"padding, got {window[0]} x {window[1]}"
        )


def _check_image(x, dtype=None):
    x = validate.real("x", x)
    if x.ndim != 4 or min(x.shape) < 1:
        raise ValueError(f"x: expected (B, C, height, width), each at least 1, got shape {x.shape}")
    validate.finite("x", x)
    if dtype is None:
        dtype = x.dtype if x.dtype in (np.float32, np.float64) else np.float64
    return x.astype(dtype, copy=False)


def _check_weights(W, b, ndim, axes):
    W, b = validate.real("W", W), validate.real("b", b)
    if W.ndim != ndim or min(W.shape) < 1:
        raise ValueError(f"W: expected {axes}, each at least 1, got shape {W.shape}")
    validate.finite("W", W)
    return W.astype(W.dtype if W.dtype == np.float32 else np.float64, copy=False), b


def _check_conv(x, W, b):
    W, b = _check_weights(W, b, 4, "(N, C, k_h, k_w)")
    x = _check_image(x, W.dtype)
    if W.shape[1] != x.shape[1]:
        raise ValueError(
            f"W: expected kernels of depth {x.shape[1]}, as x has {x.shape[1]} channel(s), got "
            f"depth {W.shape[1]} in (N, C, k_h, k_w) = {W.shape}: a kernel reaches through "
            "every channel of its input"
        )
    return x, W, validate.array("b", b, (len(W),), "(N,)", W.dtype)
