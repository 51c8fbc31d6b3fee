"""Numbers under their columns, as text, on a page in either language (notebook 05)."""

from unicodedata import east_asian_width

from lstm_inside import validate


def table(columns, rows, *, digits=3, marked=()) -> str:
    """Rows of numbers under the names of their columns, as text that a cell prints.

    columns: names. rows: name -> as many numbers, texts or None (shown as a dash). digits: places
    of what is no whole number. marked: (row, place of the column) of what stands in brackets,
    places from 0.
    Raises ValueError or TypeError for rows of another length, digits that are no whole number
    from 0, a mark that names no place.
    """
    columns, marked = list(columns), set(marked)
    validate.whole("digits", digits, least=0)
    if not isinstance(rows, dict):
        raise TypeError(f"rows: expected a dict of rows, got {validate.describe(rows)}")
    for name, row in rows.items():
        if len(row) != len(columns):
            raise ValueError(f"rows: expected {len(columns)} in {name!r}, got {len(row)}")
    places = {(name, place) for name in rows for place in range(len(columns))}
    if not marked <= places:
        raise ValueError(f"marked: expected names and places, got {marked - places}")
    shown = [["", *columns]]
    for name, row in rows.items():
        cells = [_shown(value, digits) for value in row]
        cells = [f"[{cell}]" if (name, k) in marked else f"{cell} " for k, cell in enumerate(cells)]
        shown.append([name, *cells])
    shown[0][1:] = [f"{column} " for column in columns]
    wide = [max(map(_width, column)) for column in zip(*shown, strict=True)]
    lines = []
    for name, *cells in shown:
        padded = (" " * (w - _width(c)) + c for c, w in zip(cells, wide[1:], strict=True))
        lines.append((name + " " * (wide[0] - _width(name)) + "  " + " ".join(padded)).rstrip())
    return "\n".join(lines)


def _shown(value, digits):
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:.{digits}f}"


def _width(text):
    """Columns that a text takes: a Chinese letter takes two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
