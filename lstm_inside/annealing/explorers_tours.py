"""What a reader moves in notebook 06: a round trip that untangles, with heat and without."""

from functools import lru_cache

import matplotlib
import numpy as np

from lstm_inside.annealing.comparisons import SHORTEST_PRACTICE, practice_map
from lstm_inside.annealing.figures import apart, draw_trip, round_trip
from lstm_inside.annealing.tours import anneal_tours, tour_lengths
from lstm_inside.page import Explorer, choice, whole
from lstm_inside.page.artists import Words
from lstm_inside.page.style import FORGET, GRADIENT, RC, picture
from lstm_inside.words import say

CITIES, LOOKS, EVERY = 40, 20_000, 250  # EVERY: looks from one kept tour to the next
HEATS, END = (0.03, 0.1, 0.3, 1.0), 0.05  # start temperatures; the last as a share of it
DRAWS = 4
LEAST, MOST = 0.3, 400  # % above the shortest tour that the curves show


@lru_cache(maxsize=1)
def untangled():
    """Walks from DRAWS random tours, downhill only and from each of HEATS, on one map (1, N, 2).

    Returns the map, the tours (1 + len(HEATS), C + 1, DRAWS, N), the downhill ones first, kept at
    the start and after every EVERY looks, and their lengths.
    """
    rng = np.random.default_rng
    cities = practice_map()[None]
    starts = rng(1).permuted(np.tile(np.arange(CITIES), (DRAWS, 1)), axis=1)
    heats = np.array((0.0, *HEATS))
    cooling = END ** (np.arange(LOOKS) / LOOKS)  # (6.4)
    walks = anneal_tours(
        cities, np.tile(starts, (len(heats), 1)), np.outer(cooling, np.repeat(heats, DRAWS)),
        rng=rng(5), every=EVERY,
    )  # fmt: skip
    lengths = tour_lengths(cities, walks.path)
    by_heat = (len(walks.path), len(heats), DRAWS)
    tours = walks.path.reshape(*by_heat, CITIES)
    return cities, np.moveaxis(tours, 1, 0), np.moveaxis(lengths.reshape(by_heat), 1, 0)


def tour_explorer() -> Explorer:
    """A round trip through 40 cities, annealed and downhill only, look by look (6.5)."""
    cities, tours, lengths = untangled()
    at = EVERY * np.arange(tours.shape[1])
    colours = {"hot": FORGET, "cold": GRADIENT}
    with matplotlib.rc_context(RC):
        figure = picture(900, 340)
        ax = dict(zip(("hot", "cold", "lengths"), figure.subplots(1, 3), strict=True))
        lines, said = {}, {}
        for which, title in (("hot", say("Annealed")), ("cold", say("Downhill walk"))):
            lines[which] = draw_trip(ax[which], cities[0], np.arange(CITIES), colours[which])
            ax[which].set_title(title, color=colours[which])
            ax[which].set_xlabel(" ")  # room for what moves
            said[which] = Words(ax[which], 0.5, -0.11, fontsize=12)
        ticks = range(0, LOOKS + 1, LOOKS // 2)
        ax["lengths"].set(xlim=(0, 1.6 * LOOKS), ylim=(LEAST, MOST), yscale="log")
        ax["lengths"].set_yticks(
            (1, 3, 10, 30, 100, 300), [f"{x} %" for x in (1, 3, 10, 30, 100, 300)]
        )
        ax["lengths"].minorticks_off()
        ax["lengths"].set_xticks(ticks, [f"{x:,}" for x in ticks])
        ax["lengths"].set_xlabel(say("looks (dashed line: now)"))
        ax["lengths"].set_title(say("Longer than the shortest by"))
        curves = {
            which: ax["lengths"].plot([], [], color=colour, lw=1.6)[0]
            for which, colour in colours.items()
        }
        names = {
            which: Words(ax["lengths"], 1.02 * LOOKS, 0, ha="left", color=colour, fontsize=11,
                         weight="bold")
            for which, colour in colours.items()
        }  # fmt: skip
        for which, words in (("hot", say("annealed")), ("cold", say("downhill walk"))):
            names[which].set_text(words)
        cursor = ax["lengths"].axvline(0, color="#111111", lw=1.1, ls=(0, (3, 2)))

    def update(start, draw, t):
        n, rows = t // EVERY, {"hot": 1 + HEATS.index(start), "cold": 0}
        now = {which: tours[row, n, draw - 1] for which, row in rows.items()}
        course = {which: lengths[row, :, draw - 1] for which, row in rows.items()}
        beyond = {which: 100 * (length / SHORTEST_PRACTICE - 1) for which, length in course.items()}
        for which, percent in beyond.items():
            lines[which].set_data(*round_trip(cities[0], now[which]))
            curves[which].set_data(at[: n + 1], np.maximum(percent, LEAST)[: n + 1])
        reached = {k: np.log10(max(percent[n], LEAST)) for k, percent in beyond.items()}
        for which, height in apart(reached, 0.22).items():
            names[which].set_position((t + 0.02 * LOOKS, 10**height))
        cursor.set_xdata([t, t])
        T = start * END ** (t / LOOKS)
        said["cold"].set_text(say("length {length:.2f}", length=course["cold"][n]))
        said["hot"].set_text(say("length {length:.2f}, T = {T:.2g}", length=course["hot"][n], T=T))
        return {
            "t": t, "temperature": T, "tours": now,
            "hot": course["hot"][n], "cold": course["cold"][n],
            "hot_beyond": beyond["hot"][n], "cold_beyond": beyond["cold"][n],
        }  # fmt: skip

    def describe(v):
        return say(
            "After {t:,} looks T = {temperature:.2g}: the annealed tour is {hot:.2f} long, "
            "{hot_beyond:.1f} % longer than the shortest there is ({shortest:.2f}), and the "
            "downhill one {cold:.2f}, {cold_beyond:.1f} % longer.",
            shortest=SHORTEST_PRACTICE,
            **{key: v[key] for key in ("t", "temperature", "hot", "cold", "hot_beyond",
                                       "cold_beyond")},
        )  # fmt: skip

    return Explorer(
        "anneal_tour",
        figure=figure,
        controls={
            "start": choice("start temperature", HEATS, 0.1),
            "draw": whole("another draw", 1, DRAWS, 3, quantity="x"),
            "t": whole("looks so far", 0, LOOKS, LOOKS, step=EVERY, quantity="x"),
        },
        moving=[*lines.values(), *curves.values(), *said.values(), *names.values(), cursor],
        update=update,
        describe=describe,
        play="t",
        presets={
            "after 4,000 looks": {"t": 4000},
            "too hot": {"start": 1.0, "t": LOOKS},
            "hardly warm": {"start": 0.03, "t": LOOKS},
        },
    )  # fmt: skip
