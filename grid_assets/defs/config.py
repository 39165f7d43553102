"""What a person can set for one run, in the launchpad or in a backfill's run config."""

from datetime import date

import dagster as dg
from pydantic import Field

from grid_assets.domain.errors import InputError
from grid_assets.domain.search.documents import document_kinds

KINDS = tuple(kind.name for kind in document_kinds("hour"))
"""The kinds of documents; their names are the same for every grain of the readings."""


class StageConfig(dg.Config):
    """How a stage cuts its work; nothing here changes what comes out."""

    chunk_readings: int | None = Field(
        None, ge=1_000, description="About how many readings one step takes at once; default: the setting's."
    )


class CopyConfig(dg.Config):
    """Which operating days of a copy are done again; what changed, where neither end is given."""

    days_from: str | None = Field(None, description="First operating day to copy again, such as 2016-03-27.")
    days_to: str | None = Field(None, description="Last operating day to copy again.")

    @property
    def is_range(self) -> bool:
        """Return whether days are asked for, instead of what changed."""
        return self.days_from is not None or self.days_to is not None

    @property
    def span(self) -> tuple[date | None, date | None]:
        """Return the first and the last day, None for an open end.

        Raises:
            InputError: If one of them is no day.
        """
        return _day("days_from", self.days_from), _day("days_to", self.days_to)


class KindsConfig(dg.Config):
    """Which kinds of documents are meant."""

    kinds: list[str] = Field(list(KINDS), description=f"Some of {', '.join(KINDS)}.")

    @property
    def wanted(self) -> tuple[str, ...]:
        """Return the kinds, each once, in their own order.

        Raises:
            InputError: If one of them is unknown, or none is named.
        """
        unknown = sorted(set(self.kinds) - set(KINDS))
        if unknown or not self.kinds:
            found = f"no documents of the kind {', '.join(unknown)}" if unknown else "no kind of documents is named"
            raise InputError(found, f"some of {', '.join(KINDS)}")
        return tuple(kind for kind in KINDS if kind in self.kinds)


def _day(name: str, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{name} is {text!r}", "a day such as 2016-03-27") from error
