"""Several bits to remember at once, and how rarely a guess gets all of them right (notebook 06)."""

import numpy as np

from lstm_core import init_rnn
from lstm_inside import validate
from lstm_inside.tasks import Sequences, two_sequence_problem
from lstm_inside.training import Model, each_array, init_readout

from .many import Crowd, check_crowd

_STEPS, _SEQUENCES = 4, 8
_AT_ONCE = 250  # guesses in one pass
PATHS = ("W_h", "in and out")  # what leads from one half of a network to the other


def bits_crowd(K, H) -> Crowd:
    """An RNN of H units that must tell K classes at once, each by its own input and answer.

    Each is a two-sequence problem of four steps; the eight sequences are the same for every H,
    bits 1 and 2 agree in six of them, every other pair up to K = 4 in four.
    Raises ValueError or TypeError for counts below 1.
    """
    validate.count("K", K)
    validate.count("H", H)
    rng = np.random.default_rng(0)  # the problem is one of a kind: every H is asked the same
    each = []
    for _ in range(K):
        one, order = two_sequence_problem(_STEPS, _SEQUENCES, rng=rng), rng.permutation(_SEQUENCES)
        each.append((one.xs[:, order], one.targets[order]))
    xs, targets = (np.concatenate(parts, axis=-1) for parts in zip(*each, strict=True))
    form = Model(init_rnn(K, H, rng=rng), init_readout(H, K, rng=rng))  # its shapes alone matter
    return Crowd(form, [Sequences(xs, targets, one.last)], two_class=True, dtype=np.float32)


def halves(crowd: Crowd, across) -> np.ndarray:
    """1 for every weight (P,) that stays, 0 for one that leads from one half to the other.

    crowd: of an RNN for two bits (`bits_crowd(2, H)`, H even). The first half of the units
    belongs to the first input and answer. across: the paths that are cut, some of PATHS.
    Raises ValueError or TypeError for no such crowd, an unknown path.
    """
    check_crowd(crowd)
    cell, readout = each_array(np.ones_like, crowd.form)
    H = len(cell.W_h) // 2
    if cell.W_x.shape != (2, 2 * H) or readout.W_y.shape != (2 * H, 2):
        raise ValueError(
            "crowd: expected an RNN with 2 inputs, 2 answers and an even number of units, got "
            f"W_x {cell.W_x.shape}, W_y {readout.W_y.shape}"
        )
    if not isinstance(across, list | tuple):
        raise TypeError(f"across: expected a list of paths, got {validate.describe(across)}")
    for path in across:
        validate.choice("across", path, PATHS)
    if "W_h" in across:
        cell.W_h[:H, H:] = cell.W_h[H:, :H] = 0
    if "in and out" in across:
        cell.W_x[0, H:] = cell.W_x[1, :H] = 0
        readout.W_y[H:, 0] = readout.W_y[:H, 1] = 0
    return crowd.rows([Model(cell, readout)])[0]


def count_right(crowd: Crowd, tries, *, rng, keep=1.0) -> int:
    """How many of `tries` guesses, each weight uniform within -3 to 3, are right on every answer.

    keep: a factor for each weight (P,), such as `halves`.
    Raises ValueError or TypeError for no Crowd, tries below 1, no Generator, a keep that is
    neither a number nor (P,).
    """
    check_crowd(crowd)
    validate.count("tries", tries)
    validate.generator(rng)
    keep = validate.real("keep", keep)
    validate.finite("keep", keep)
    if keep.shape not in ((), (crowd.size,)):
        raise ValueError(f"keep: expected a number or ({crowd.size},), got shape {keep.shape}")
    found = 0
    for first in range(0, tries, _AT_ONCE):  # more at once is slower: it fits no cache
        guesses = rng.uniform(-3, 3, (min(_AT_ONCE, tries - first), crowd.size)) * keep
        right = (crowd.answers(guesses) > 0.5) == (crowd.targets > 0.5)
        found += int(right.all(axis=(1, 2)).sum())
    return found
