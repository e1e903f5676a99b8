"""Tables that fit: the least important columns go first, and no cell is ever cut."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Generic, TypeVar

from rich.cells import cell_len
from rich.text import Text

Item = TypeVar("Item")
GAP, PROSE = 2, 40


@dataclass(frozen=True, slots=True)
class Column(Generic[Item]):
    """One column; of those that do not fit, the one with the highest `rank` goes first.

    A `detail` stands on a terminal that is wide enough, and nowhere else: a pipe has no width, and programs take -o json.
    A last column of `prose` goes on in the next line there.
    """

    title: str
    cell: Callable[[Item], Text]
    rank: int = 0
    detail: bool = False
    prose: bool = False


def width_of(cells: Sequence[Text]) -> int:
    """Give the width of the widest cell."""
    return max(cell_len(cell.plain) for cell in cells)


def fit(widths: Sequence[int], ranks: Sequence[int], limit: int | None) -> list[int]:
    """Give the indexes of the columns to keep; rank 0 is always kept, and without a limit all are."""
    kept = list(range(len(widths)))
    while limit is not None and sum(widths[i] for i in kept) + GAP * (len(kept) - 1) > limit:
        worst = max(kept, key=lambda i: (ranks[i], i))
        if not ranks[worst]:
            break
        kept.remove(worst)
    return kept


def table_lines(columns: Sequence[Column[Item]], items: Sequence[Item], limit: int | None) -> list[Text]:
    """Give a table as lines, the titles first; without a limit, without details."""
    columns = [column for column in columns if limit is not None or not column.detail]
    table = [[Text(column.title, style="bold"), *(column.cell(item) for item in items)] for column in columns]
    widths = [width_of(cells) for cells in table]
    least = [min(width, PROSE) if column.prose else width for column, width in zip(columns, widths, strict=True)]
    kept = fit(least, [column.rank for column in columns], limit)
    lines = [line([table[i][row] for i in kept], [widths[i] for i in kept]) for row in range(len(items) + 1)]
    if limit is None or not columns[kept[-1]].prose:
        return lines
    indent = sum(widths[i] + GAP for i in kept[:-1])
    return [part for text in lines for part in folded(text, indent, limit)]


def folded(text: Text, indent: int, limit: int) -> list[Text]:
    """Fold a line whose last cell begins at `indent`, each further line below that cell."""
    if cell_len(text.plain) <= limit:
        return [text]
    head, prose = text[:indent], text[indent:].plain
    first, *more = wrap(prose, max(limit - indent, PROSE), break_long_words=False, break_on_hyphens=False)
    return [Text.assemble(head, first), *(Text(" " * indent + part) for part in more)]


def line(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    """Join cells, each as wide as its column; nothing follows the last one."""
    joined = Text()
    for index, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        padding = max(width - cell_len(cell.plain), 0) + GAP if index < len(cells) - 1 else 0
        joined.append_text(cell).append(" " * padding)
    return joined


def field_lines(fields: Sequence[tuple[str, Text]]) -> list[Text]:
    """Give names and values as lines, the values below each other."""
    width = max(cell_len(name) for name, _ in fields)
    return [Text.assemble((f"{name.ljust(width)}  ", "dim"), value) for name, value in fields]
