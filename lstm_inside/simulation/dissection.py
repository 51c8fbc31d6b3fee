"""A trained model taken apart: which cell follows what, and what holding it changes.

Notebook 07, (7.5) to (7.7). Axes: T characters, B windows side by side, H hidden units.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from lstm_core import LSTMParams, lstm_step
from lstm_inside import validate
from lstm_inside.simulation.reading import check_mark, check_reading, read, with_line
from lstm_inside.simulation.text import check_text, decode, encode
from lstm_inside.simulation.writer import after_symbol, next_shares
from lstm_inside.training import check_model

WARM = 20  # characters at the start of a window that are read and not judged
USUAL = (0.05, 0.95)  # a cell is held at the ends of where it is nine tenths of the time


def scores(reading, mark) -> np.ndarray:
    """How closely tanh(c) of each cell goes along with a mark: Pearson's r, (H,) (7.5).

    Raises ValueError or TypeError for no Reading or a mark that it does not have.
    """
    check_mark(reading, mark)
    return correlation(_shown(reading), reading.marks[mark][WARM:])


def _shown(reading):
    return np.tanh(reading.c[1 + WARM :])


def correlation(shown, mark) -> np.ndarray:
    """Pearson's r of each column of shown (..., H) with mark (...): (H,), 0 for a still one.

    Raises ValueError or TypeError for shapes that differ, NaN or infinity, no number.
    """
    shown, mark = validate.real("shown", shown), validate.real("mark", mark)
    if not shown.size or shown.shape[:-1] != mark.shape:
        raise ValueError(
            f"shown, mark: expected (..., H) and (...), got {shown.shape}, {mark.shape}"
        )
    validate.finite("shown", shown)
    validate.finite("mark", mark)
    shown = shown.reshape(-1, shown.shape[-1])
    mean, mark = shown.mean(axis=0, dtype=float), np.ravel(mark) - np.mean(mark)
    together, squares = np.zeros((2, len(mean)))
    for n in range(0, len(shown), 5000):  # few at a time: the copies in float64 are large
        apart = shown[n : n + 5000] - mean
        together += mark[n : n + 5000] @ apart
        squares += np.einsum("nh,nh->h", apart, apart)
    size = np.sqrt(squares * (mark**2).sum())
    return together / np.where(size > 0, size, 1)


def around(values, event, *, back=4, on=8, q=None) -> np.ndarray:
    """Mean of values (T, B) from `back` steps before an event (T, B) to `on` after it.

    q: from 0 to 1, for that quantile in place of the mean. Returns (back + 1 + on,).
    Raises ValueError or TypeError for shapes that differ, a count below 0, another q, or where
    no event has that much room.
    """
    values, event = (
        validate.real("values", values, ndim=2),
        validate.real("event", event).astype(bool),
    )
    validate.finite("values", values)
    if values.shape != event.shape:
        raise ValueError(f"event: expected the shape of values, {values.shape}, got {event.shape}")
    validate.whole("back", back, least=0)
    validate.whole("on", on, least=0)
    if q is not None:
        validate.number("q", q, "a number from 0 to 1", lambda q: 0 <= q <= 1)
    t, b = np.nonzero(event[back : max(len(event) - on, 0)])
    if not len(t):
        raise ValueError(
            f"event: expected one with {back} steps before it and {on} after, got none"
        )
    each = values[back + t[:, None] + np.arange(-back, on + 1), b[:, None]]
    return each.mean(axis=0) if q is None else np.quantile(each, q, axis=0)


def turns(mark):
    """Where a mark (T, B) begins to hold and where it ends: two (T, B) bool.

    Raises ValueError or TypeError for what has not two axes.
    """
    mark = validate.real("mark", mark, ndim=2).astype(bool)
    before = np.concatenate([mark[:1], mark[:-1]])
    return mark & ~before, before & ~mark


def chosen_and_control(reading, mark):
    """The cell with the largest |r| for a mark, and a control: (chosen, control).

    The control is lively and has no linear relation to the mark: of all cells whose tanh(c)
    differs between their two `levels` at least half as much as the chosen one's, that with the
    smallest |r|.
    Raises as `scores` does.
    """
    return _best_and_control(scores(reading, mark), _ends(reading))


def _ends(reading):
    """The two ends of every cell's own scale, low and high: (2, H)."""
    return np.quantile(reading.c[1 + WARM :], USUAL, axis=(0, 1))


def _best_and_control(r, ends):
    low, high = np.tanh(ends)
    chosen = int(np.abs(r).argmax())
    lively = high - low >= (high - low)[chosen] / 2
    return chosen, int(np.where(lively, np.abs(r), np.inf).argmin())


def levels(reading, unit, mark):
    """A low and a high value of a cell, (off, on): below them it is 5 % and 95 % of the time.

    "On" is the end that goes with the mark: the two change places where r is negative. Of a cell
    whose r is about 0, such as a control, `sorted` gives low and high: its sign says nothing.
    Raises as `scores` does, and for a unit that is none.
    """
    check_mark(reading, mark)
    validate.whole("unit", unit, least=0, most=reading.c.shape[-1] - 1)
    c = reading.c[1 + WARM :, :, unit]
    low, high = np.quantile(c, USUAL).astype(float)
    (r,) = correlation(np.tanh(c)[..., None], reading.marks[mark][WARM:])
    return (low, high) if r >= 0 else (high, low)


def clamped_forward(xs, params: LSTMParams, units, values, h0=None, c0=None):
    """Run an LSTM while one cell of each row is held: h and c, (T+1, B, H) each (7.6).

    Every step is `lstm_step`; then cell `units[b]` of row b is set to `values[b]` and its
    output to o * tanh(value), which is what the next step and the read-out see. A unit of -1
    leaves its row alone. xs (T, B, D); units (B,) whole numbers, values (B,), h0 and c0 (B, H),
    each of them also one for all.
    Raises as `lstm_forward` does, and for units or values that are none.
    """
    params = validate.lstm_params(params)
    (xs,) = validate.sequence(params, xs)
    T, B, _ = xs.shape
    H = len(params.W_h)
    units, values = validate.real("units", units), validate.real("values", values)
    for name, each in (("units", units), ("values", values)):
        if each.shape not in ((), (B,)):
            raise ValueError(f"{name}: expected one number or {B}, got shape {each.shape}")
    if units.dtype.kind not in "iu" or units.min() < -1 or units.max() >= H:
        raise ValueError(f"units: expected whole numbers from -1 to {H - 1}, got {units}")
    validate.finite("values", values)
    units, values = np.broadcast_to(units, B), np.broadcast_to(values, B)
    held = np.flatnonzero(units >= 0)
    unit, value = units[held], values[held]
    h, c = np.zeros((2, T + 1, B, H), params.b.dtype)
    for name, states, start in (("h0", h, h0), ("c0", c, c0)):
        if start is not None:
            start = validate.real(name, start)
            rows = 1 if start.shape[:1] == (1,) else B
            states[0] = validate.array(name, start, (rows, H), "(B, H) or (1, H)", states.dtype)
    for t in range(T):
        h[t + 1], c[t + 1], cache = lstm_step(xs[t], h[t], c[t], params)
        o = cache[6]
        c[t + 1, held, unit] = value  # (7.6)
        h[t + 1, held, unit] = o[held, unit] * np.tanh(value)
    return h, c


def _held(cell, ids, units, values):
    """h of `clamped_forward` from WARM on, some steps (n, B, H) at a time; symbols ids (T, B).

    Of a long text all of h would be most of what is held. Unit -1 holds nothing. One unit for
    all or (B,); values one for all, (B,), or (T, B): one a step.
    """
    T, B = ids.shape
    of_symbol, rows = cell.W_x + cell.b, np.flatnonzero(np.broadcast_to(units, B) >= 0)
    unit = np.broadcast_to(units, B)[rows]
    shown = np.tanh(np.broadcast_to(values, (T, B))[:, rows])
    h, c = np.zeros((2, B, len(cell.W_h)), cell.b.dtype)
    some = np.empty((_AT_ONCE, *h.shape), h.dtype)
    for t in range(T):
        with np.errstate(over="ignore", under="ignore"):
            h, c, o = after_symbol(of_symbol[ids[t]], h, c, cell.W_h)
        h[rows, unit] = o[rows, unit] * shown[t]  # (7.6): all that is seen of c
        if t >= WARM:
            n = (t - WARM) % _AT_ONCE
            some[n] = h
            if n == _AT_ONCE - 1 or t == T - 1:
                yield some[: n + 1]


_AT_ONCE = 40  # steps whose probabilities are worked out together


def share_of(model, h, symbols) -> np.ndarray:
    """The probability that the next character is one of `symbols`: h (..., H) -> (...).

    Raises as `next_shares` does, and for no model or what is no text.
    """
    check_model(model)
    check_text("symbols", symbols)
    return next_shares(h, model.readout)[..., encode(symbols)].sum(axis=-1)


def mean_and_error(values, where):
    """Mean of values (T, B) where a mark (T, B) holds, and its standard error: two numbers.

    The error is that of a mean over other stretches: the B columns are taken as independent, the
    places of one are not. Both are NaN where the mark holds nowhere, the error is for one column.
    Raises ValueError or TypeError for shapes that differ, NaN or infinity, no number.
    """
    values = validate.real("values", values, ndim=2)
    validate.finite("values", values)
    where = validate.array("where", where, values.shape, "(T, B)", bool)
    count, B = where.sum(axis=0), values.shape[1]
    if not count.any():
        return np.nan, np.nan
    sums = np.where(where, values, 0).sum(axis=0, dtype=float)
    mean = sums.sum() / count.sum()
    squares = ((sums - mean * count) ** 2).sum()
    error = np.sqrt(squares * B / (B - 1)) / count.sum() if B > 1 else np.nan
    return float(mean), float(error)


def times_as_likely(held, free, where):
    """(7.7): the sum of held over that of free, (T, B) each, where a mark (T, B) holds.

    Returns the ratio and its standard error, the B columns taken as independent; both are NaN
    where the mark holds nowhere, the error is for one column.
    Raises ValueError or TypeError for shapes that differ, numbers of `free` that are not above
    0, NaN or infinity, no number.
    """
    free = validate.real("free", free, ndim=2)
    held = validate.array("held", held, free.shape, "(T, B)", float)
    where = validate.array("where", where, free.shape, "(T, B)", bool)
    validate.finite("free", free)
    validate.finite("held", held)
    if not (free > 0).all():
        raise ValueError(f"free: expected numbers above 0, got {free.min()}")
    if not where.any():
        return np.nan, np.nan
    above, below = (np.where(where, p, 0).sum(axis=0, dtype=float) for p in (held, free))
    ratio, B = above.sum() / below.sum(), len(below)
    squares = ((above - ratio * below) ** 2).sum()
    return float(ratio), float(np.sqrt(squares * B / (B - 1)) / below.sum()) if B > 1 else np.nan


class Held(NamedTuple):
    """What a model says of a text while one cell is held, place by place, from WARM on."""

    shares: dict[str, np.ndarray]  # name of some symbols -> their probability, (T, B)
    bits: np.ndarray  # what the character that came costs, (T, B)


def hold(model, reading, sets, unit=-1, value=0.0) -> Held:
    """Read a text once more while one cell is held (7.6); unit -1: nothing is held.

    sets: name -> symbols. value: one number, or (T, B), one for every place.
    Raises ValueError or TypeError for no model, no Reading, no such sets, unit or value, or a
    text that is not longer than WARM.
    """
    check_model(model)
    check_reading(reading)
    if not isinstance(sets, dict) or not sets:
        raise TypeError(f"sets: expected a dict of symbols, got {validate.describe(sets)}")
    for symbols in sets.values():
        check_text("sets", symbols)
    validate.whole("unit", unit, least=-1, most=len(model.cell.W_h) - 1)
    ids = reading.ids
    validate.whole("reading", len(ids) - 1, least=WARM + 1)
    value = validate.real("value", value)
    if value.shape not in ((), ids[:-1].shape):
        raise ValueError(f"value: expected one number or {ids[:-1].shape}, got {value.shape}")
    validate.finite("value", value)
    which = {name: encode(symbols) for name, symbols in sets.items()}
    shares = {name: np.empty(ids[1 + WARM :].shape, np.float32) for name in sets}
    bits, first = np.empty(ids[1 + WARM :].shape, np.float32), 0
    for h in _held(model.cell, ids[:-1], unit, value):
        now = slice(first, first := first + len(h))
        p = next_shares(h, model.readout)
        bits[now] = -np.log2(np.take_along_axis(p, ids[1 + WARM :][now, :, None], -1)[..., 0])
        for name, symbols in which.items():
            shares[name][now] = p[..., symbols].sum(axis=-1)
    return Held(shares, bits)


class Effect(NamedTuple):
    """Mean probability of some symbols where a mark holds and outside, and bits a character.

    The bits are those of all characters, of those where it holds and of those outside.
    """

    inside: float
    outside: float
    bits: float
    bits_inside: float
    bits_outside: float


def clamp_effect(model, reading, mark, symbols, unit=-1, value=0.0) -> Effect:
    """What holding one cell at a value does to a reading (7.7); unit -1: nothing is held.

    Needs the marks "string" and "comment". Raises as `hold` and `inside_and_outside` do.
    """
    check_model(model)
    inside, outside = inside_and_outside(reading, mark)
    check_text("symbols", symbols)
    validate.number("value", value)
    shares, cost = hold(model, reading, {"": symbols}, unit, value)
    means = (shares[""][inside], shares[""][outside], cost, cost[inside], cost[outside])
    return Effect(*(float(of.mean(dtype=float)) for of in means))


def inside_and_outside(reading, mark):
    """Where a mark holds, and where a program's text has it not, from WARM on: two (T, B) bool.

    Outside is nothing in a string or a comment, as brackets, quotes and spaces come there as text.
    Raises ValueError or TypeError for no Reading or one that lacks the mark, "string" or "comment".
    """
    for name in (mark, "string", "comment"):
        check_mark(reading, name)
    inside, string, comment = (reading.marks[m][WARM:] for m in (mark, "string", "comment"))
    return inside, ~(inside | string | comment)


class EveryCell(NamedTuple):
    """(7.7) for each cell in turn: held off, where the mark holds; held on, outside."""

    off_inside: np.ndarray  # (H,)
    on_outside: np.ndarray  # (H,)


def clamp_every_cell(model, searched, reading, mark, symbols, *, at_once=8) -> EveryCell:
    """Hold each cell at the ends of its own scale, one after the other (7.6), (7.7).

    The ends and which of them is "on" are taken from `searched`, the effects from `reading`.
    at_once: cells that are held side by side in one pass.
    Raises as `clamp_effect` does, and for at_once below 1.
    """
    check_model(model)
    check_mark(searched, mark)
    inside, outside = inside_and_outside(reading, mark)
    check_text("symbols", symbols)
    validate.count("at_once", at_once)
    ends = _ends(searched)
    off, on = np.where(scores(searched, mark) >= 0, ends, ends[::-1])
    ids = reading.ids[:-1]
    B, H = ids.shape[1], len(off)

    def chances(h):
        return share_of(model, h, symbols).reshape(len(h), -1, B)

    free, found = chances(reading.h[1 + WARM :])[:, 0], []
    for ends, where in ((off, inside), (on, outside)):
        held = []
        for first in range(0, H, at_once):
            units = np.arange(first, min(first + at_once, H))
            many = np.tile(ids, len(units))
            some = _held(model.cell, many, units.repeat(B), ends[units].repeat(B))
            share = np.concatenate([chances(h) for h in some])  # (T, cells, B)
            held.extend(part[where].mean() for part in share.swapaxes(0, 1))
        found.append(np.array(held) / free[where].mean())
    return EveryCell(*found)


class Match(NamedTuple):
    """A place where a cell is at its highest: the text around it, the cell there, and where."""

    text: str
    shown: np.ndarray  # tanh(c) at each of its characters
    at: int  # the place of the peak in `text`
    c: np.ndarray  # c at each of its characters: tanh is flat where it is high


def nearest_matches(reading, unit, *, sign=1, count=8, before=40, after=24) -> list[Match]:
    """The places, one a window of text, where sign * tanh(c) of a cell is highest.

    Raises ValueError or TypeError for no Reading, a unit that is none, a sign other than 1 and
    -1, more places than windows, or windows that are too short.
    """
    check_reading(reading)
    T, B, H = reading.h[1:].shape
    validate.whole("unit", unit, least=0, most=H - 1)
    validate.number("sign", sign, "1 or -1", lambda sign: sign in (1, -1))
    validate.whole("count", count, most=B)
    validate.whole("before", before, least=0, most=T - 1)
    validate.whole("after", after, least=0, most=T - 1 - before)
    c = reading.c[1:, :, unit]  # (T, B)
    shown = np.tanh(c)
    peaks = before + (sign * shown[before : T - after]).argmax(axis=0)
    best = np.argsort(-sign * shown[peaks, np.arange(B)], kind="stable")[:count]
    return [
        Match(
            decode(reading.ids[peaks[b] - before : peaks[b] + after + 1, b]),
            shown[peaks[b] - before : peaks[b] + after + 1, b],
            before,
            c[peaks[b] - before : peaks[b] + after + 1, b],
        )
        for b in best
    ]


# ---------------------------------------------------------------- what the clamp explorer holds

ANSWERS = {
    "brackets": ")]}",
    "string": "'\"",
    "indentation": " ",
    "comment": "\n",
    "line": ")]}",
}  # what ends a mark, or goes on with it
HELD = np.linspace(-3, 3, 9)  # values at which the curves are measured


class Suspect(NamedTuple):
    """What the search found for a mark: its cell with score r, and the control with its own."""

    unit: int
    r: float
    control: int
    control_r: float
    scale: tuple[float, float]  # the two ends of the cell's own scale, low and high
    control_scale: tuple[float, float]  # and of the control's

    def matched(self, value):
        """Where the control is held while the cell is held at `value`: as far along its scale."""
        (low, high), (first, last) = self.scale, self.control_scale
        return first + (value - low) / (high - low) * (last - first)


def suspects(reading) -> dict[str, Suspect]:
    """The best cell of each mark and its control, by the score (7.5).

    The marks are Python's and "line", that of `line_brackets`.
    Raises as `scores` does, and for a reading that lacks one of Python's marks.
    """
    reading, found = with_line(reading), {}
    ends = _ends(reading)
    for mark in ANSWERS:
        r = scores(reading, mark)
        unit, control = _best_and_control(r, ends)
        scales = (tuple(ends[:, u].tolist()) for u in (unit, control))
        found[mark] = Suspect(unit, float(r[unit]), control, float(r[control]), *scales)
    return found


class Measured(NamedTuple):
    """Mean probability of a mark's answers where it holds (row 0) and outside (1)."""

    alone: np.ndarray  # (2,)
    held: np.ndarray  # (2, values)
    control: np.ndarray  # (2, values): the control held, as far along its own scale
    values: np.ndarray  # at which it was held, the ends of the cell's own scale among them


def held_curves(model, found, *, B=12, T=80) -> dict[str, Measured]:
    """What holding each mark's cell does, on the part to measure (7.7).

    found: mark -> `Suspect` of this model. Raises ValueError or TypeError for other marks or
    units, and as `suspects` does.
    """
    check_model(model)
    if not isinstance(found, dict) or not all(isinstance(s, Suspect) for s in found.values()):
        raise TypeError(f"found: expected a dict of Suspect, got {validate.describe(found)}")
    H = len(model.cell.W_h)
    for mark, suspect in found.items():
        validate.choice("found", mark, ANSWERS)
        validate.whole("found", suspect.unit, least=0, most=H - 1)
    validate.whole("T", T, least=WARM + 1)
    reading = with_line(read(model, "measure", B=B, T=T))

    @cache
    def shares(unit=-1, value=0.0):  # of all answers at once: marks may share a cell
        return hold(model, reading, ANSWERS, unit, value).shares

    curves = {}
    for mark, suspect in found.items():
        values = np.unique([*HELD, *np.clip(suspect.scale, HELD[0], HELD[-1])]).tolist()
        places = inside_and_outside(reading, mark)

        def means(unit=-1, value=0.0, mark=mark, places=places):
            return [shares(unit, value)[mark][at].mean() if at.any() else 0 for at in places]

        held = [means(suspect.unit, value) for value in values]
        control = [means(suspect.control, suspect.matched(value)) for value in values]
        every = (np.array(rows).T for rows in (means(), held, control, values))
        curves[mark] = Measured(*every)
    return curves
