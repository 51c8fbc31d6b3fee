"""The shortest round trips of notebook 06, each proved to be the shortest (needs SciPy).

The ten maps of `annealing.comparisons.round_trips`. A tour is 780 yes-or-no numbers, one for each
leg; two legs meet at every city. The integer program (HiGHS) first knows no more. While its
answer falls into several rings, each of them is forbidden and it starts again; the first answer
that is one ring is the shortest tour. About 2 seconds a map. G. Dantzig, R. Fulkerson, S. Johnson:
Solution of a Large-Scale Traveling-Salesman Problem. Operations Research 2, 1954.
"""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

CITIES = 40
FROM, TO = np.triu_indices(CITIES, 1)


def rings(taken):
    """The cities of each ring that the legs `taken` (780,) close."""
    ring = np.arange(CITIES)
    for one, other in zip(FROM[taken], TO[taken], strict=True):
        ring[ring == ring[one]] = ring[other]
    return [np.flatnonzero(ring == name) for name in np.unique(ring)]


def shortest(cities):
    """The length of the shortest tour through cities (40, 2)."""
    lengths = np.hypot(*(cities[FROM] - cities[TO]).T)
    rows = [(city == FROM) | (city == TO) for city in range(CITIES)]
    low, high = [2] * CITIES, [2] * CITIES
    while True:
        found = milp(
            lengths, integrality=np.ones(len(lengths)), bounds=Bounds(0, 1),
            constraints=LinearConstraint(np.array(rows, float), low, high),
            options={"mip_rel_gap": 0},
        )  # fmt: skip
        closed = rings(found.x > 0.5)
        if len(closed) == 1:
            return found.fun
        for ring in closed:
            rows.append(np.isin(FROM, ring) & np.isin(TO, ring))
            low.append(0)
            high.append(len(ring) - 1)


if __name__ == "__main__":
    for cities in np.random.default_rng(0).random((11, CITIES, 2))[1:]:
        print(f"{shortest(cities):.10f}", flush=True)
