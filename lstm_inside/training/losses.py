"""Losses with their gradients: mean squared error (5.3), softmax, cross-entropy."""

import numpy as np

from lstm_inside import validate


def mean_squared_error(y, target):
    """The mean of (y - target)^2 and its gradient by y (5.3); both of one shape.

    Raises ValueError or TypeError for shapes that differ, no number at all, NaN or infinity.
    """
    y, target = validate.real("y", y), validate.real("target", target)
    if y.shape != target.shape or not y.size:
        raise ValueError(f"target: expected the shape of y, {y.shape}, got {target.shape}")
    validate.finite("y", y)
    validate.finite("target", target)
    off = np.subtract(y, target, dtype=np.result_type(y, target, np.float32))
    return float((off**2).mean()), 2 * off / off.size


def softmax(z):
    """exp(z) / sum of exp(z) along the last axis; finite for any finite z.

    Raises ValueError or TypeError for no axis, no classes, NaN or infinity, no real numbers.
    """
    z = _check_scores(z)
    e = np.exp(z - z.max(axis=-1, keepdims=True))  # the same shares, and no overflow
    return e / e.sum(axis=-1, keepdims=True)


def softmax_cross_entropy(z, labels):
    """The mean of -log softmax(z)[label], and its gradient by z.

    z (..., K): one score a class. labels (...): the right class, whole numbers 0 to K - 1.
    Raises ValueError or TypeError for labels of another shape or outside that range, and as
    `softmax` does.
    """
    z, labels = _check_scores(z), validate.real("labels", labels)
    if labels.shape != z.shape[:-1] or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels: expected whole numbers of shape {z.shape[:-1]}, "
            f"got shape {labels.shape}, {labels.dtype}"
        )
    if not labels.size:
        raise ValueError("labels: expected at least one, got none")
    if not 0 <= labels.min() <= labels.max() < z.shape[-1]:
        raise ValueError(f"labels: expected 0 to {z.shape[-1] - 1}, got {np.unique(labels)}")
    right = labels[..., None]
    shifted = z - z.max(axis=-1, keepdims=True)
    log_share = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    dz = np.exp(log_share)
    np.put_along_axis(dz, right, np.take_along_axis(dz, right, -1) - 1, -1)  # p - 1 at the label
    loss = -np.take_along_axis(log_share, right, -1).mean()
    return float(loss), dz / labels.size


def _check_scores(z):
    z = validate.real("z", z)
    if z.ndim < 1 or z.shape[-1] < 1:
        raise ValueError(f"z: expected scores (..., K) with K >= 1, got shape {z.shape}")
    validate.finite("z", z)
    return z.astype(np.result_type(z, np.float32), copy=False)
