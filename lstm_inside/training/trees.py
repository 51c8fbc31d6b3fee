"""Trees: (named) tuples of arrays, nested at will. Parameters, gradients, moments are such."""

import numpy as np

from lstm_inside import validate


def each_array(function, *trees):
    """`function` on the arrays of trees of one form, place by place: a tree of its results.

    Raises ValueError or TypeError for no function, no tree, or trees of several forms.
    """
    validate.function("function", function)
    if not trees:
        raise TypeError("trees: expected at least one, got none")
    return _each_array(function, trees)


def _each_array(function, trees):
    first = trees[0]
    inner = isinstance(first, tuple)
    for tree in trees:  # plain loops: this runs at every step of every training
        if isinstance(tree, tuple) is not inner or (inner and len(tree) != len(first)):
            raise ValueError(
                f"trees: expected one form, got {', '.join(map(validate.describe, trees))}"
            )
    if not inner:
        return function(*trees)
    parts = [_each_array(function, part) for part in zip(*trees, strict=True)]
    return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)


def arrays_of(tree) -> list[np.ndarray]:
    """The arrays of a tree, from left to right."""
    return [a for part in tree for a in arrays_of(part)] if isinstance(tree, tuple) else [tree]


def named(**trees) -> dict[str, np.ndarray]:
    """The arrays of trees under names such as "params.cell.W_x"."""
    found: dict[str, np.ndarray] = {}
    for name, tree in trees.items():
        if isinstance(tree, tuple):
            fields = getattr(tree, "_fields", map(str, range(len(tree))))
            parts = named(**dict(zip(fields, tree, strict=True)))
            found |= {f"{name}.{inner}": array for inner, array in parts.items()}
        else:
            found[name] = tree
    return found
