"""How the command speaks: rich tables and progress for people, plain JSON for scripts, errors on stderr."""

import json
import math
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

PIPED_WIDTH = 120
"""Columns of output that goes to a file or a pipe; a terminal says its own width."""
WIDEST = 2_000
MOST_BLOCKS = 10
OUT = Console(soft_wrap=True, width=None if sys.stdout.isatty() else PIPED_WIDTH)
ERR = Console(stderr=True, soft_wrap=True, width=None if sys.stderr.isatty() else PIPED_WIDTH)


def print_json(value: object) -> None:
    """Write one JSON value to standard output; instants become ISO 8601 in UTC, and what is no finite number null."""
    try:
        text = json.dumps(value, default=_plain, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), default=_plain, ensure_ascii=False, allow_nan=False)
    sys.stdout.write(text + "\n")


def print_error(error: Exception) -> None:
    """Write an error and its notes to standard error, as they stand."""
    ERR.print(Text(type(error).__name__, style="bold red"), Text(str(error)), soft_wrap=True)
    for note in getattr(error, "__notes__", ()):
        ERR.print(Text(note), soft_wrap=True)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table for people; numbers are set to the right.

    What is wider than the terminal is shown as one block a row where there are few, else in lines of their own width:
    no column is ever left out.
    """
    cells = [list(row) for row in rows]
    table = _table(title, columns, cells)
    width = Measurement.get(OUT, OUT.options.update(max_width=WIDEST), table).maximum
    if width <= OUT.width:
        OUT.print(table)
    elif 0 < len(cells) <= MOST_BLOCKS:
        for row in cells:
            OUT.print(_table("", ("column", "value"), [[n, _text(v)] for n, v in zip(columns, row, strict=True)]))
    else:
        Console(width=width).print(table)


def _table(title: str, columns: Sequence[str], cells: Sequence[Sequence[Any]]) -> Table:
    table = Table(title=title or None, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.pad_edge, table.collapse_padding = False, True
    for number, name in enumerate(columns):
        is_number = bool(cells) and all(isinstance(row[number], int | float | Decimal) for row in cells)
        table.add_column(Text(name), justify="right" if is_number else "left", overflow="fold", no_wrap=is_number)
    for row in cells:
        # As plain text: brackets in somebody's data are no markup.
        table.add_row(*(value if isinstance(value, Text) else Text(_text(value)) for value in row))
    return table


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):  # sums of whole numbers, and numbers that a query spells out
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    plain = _plain(value) if isinstance(value, Decimal | datetime | date) else value
    if isinstance(plain, int):
        return f"{plain:,}"
    if isinstance(plain, float):
        return f"{plain:,.3f}".rstrip("0").rstrip(".")
    return str(plain)


class TerminalReporter:
    """A progress bar per stage on a terminal; one plain line per stage elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._stage = ""

    def start(self, stage: str, total: int) -> None:
        """Show a bar of so many steps."""
        self._stage = stage
        if not self._console.is_terminal:
            return
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("[bold]{task.description:<10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=self._console,
        )
        self._progress.start()
        self._task = self._progress.add_task(stage, total=total, note="")

    def step(self, done: int, note: str) -> None:
        """Move the bar."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, advance=done, note=note)

    def finish(self, note: str) -> None:
        """End the bar with a closing word."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, note=note)
            self._progress.stop()
            self._progress = None
            return
        self._console.print(f"{self._stage:<10} {note}", highlight=False, markup=False)
