"""What every command shares: the platform of the settings, errors as one line and an exit code, and dates as text."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from grid_assets.cli.output import print_error
from grid_assets.domain.errors import GridError, InputError

if TYPE_CHECKING:
    from contextlib import closing

    from resources.clients.platform import Platform

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
First = Annotated[str | None, typer.Option("--from", help="Do the days from this one on again.")]
Last = Annotated[str | None, typer.Option("--to", help="Do the days up to this one again.")]


def platform() -> "closing[Platform]":
    """Return the platform of the settings for a `with` block."""
    from resources.wiring import open_platform

    return open_platform()


@contextmanager
def errors() -> Iterator[None]:
    """Turn the project's own errors, and those of the machine, into one line and exit code 2.

    Anything else is a defect and shows its trace.
    """
    try:
        yield
    except (GridError, OSError) as error:
        print_error(error)
        raise typer.Exit(2) from error


def day(text: str | None) -> date | None:
    """Return an operating day from text, None for none.

    Raises:
        InputError: If the text is no day.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a day", "a date such as 2016-03-27") from error


def instant(text: str) -> datetime:
    """Return an instant from ISO 8601 text; without an offset it is UTC.

    Raises:
        InputError: If the text is no time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a time", "ISO 8601 such as 2016-03-27T12:00:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
