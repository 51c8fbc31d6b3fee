"""What was measured, and how sure a few trials make us (notebook 08)."""

import json
from importlib.resources import files

import numpy as np

from lstm_inside import validate


def stored_results() -> list[dict]:
    """The records that `benchmarks/replication.py` has stored, a row of the table each."""
    path = files(__package__) / "results.json"
    return json.loads(path.read_text(encoding="utf-8"))


def wilson(solved, trials, z=1.96):
    """The range of success rates that `solved` of `trials` leave plausible (8.3): low, high.

    Wilson's score interval (1927); z = 1.96 is 95 %. Raises ValueError or TypeError for fewer
    than one trial, successes that are no count among them, a z that is not above 0.
    """
    validate.count("trials", trials)
    validate.whole("solved", solved, least=0, most=trials)
    validate.positive("z", z)
    share, width = solved / trials, z**2 / trials
    middle = share + width / 2
    spread = z * np.sqrt(share * (1 - share) / trials + width / (4 * trials))
    return float((middle - spread) / (1 + width)), float((middle + spread) / (1 + width))


def bootstrap(values, *, rng, draws=2000):
    """A 95 % range for the mean of what `values` were drawn from: low, high.

    The middle 95 % of the means of `draws` samples with replacement (Efron 1979).
    Raises ValueError or TypeError for no value, NaN, infinity, draws below 1, no Generator.
    """
    values = validate.real("values", values, ndim=1)
    if not values.size:
        raise ValueError("values: expected at least one, got none")
    validate.finite("values", values)
    validate.generator(rng)
    validate.count("draws", draws)
    means = rng.choice(values, (draws, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
