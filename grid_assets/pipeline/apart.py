"""Days that fail alone: where a day's own files cannot be read or computed, the other days are done all the same.

A step of several days that fails is halved until the days to blame are found. Errors that every day would meet (a full
disk, a locked catalog, a claim that is held) pass at once.
"""

from collections.abc import Callable, Mapping
from datetime import date

import duckdb

from grid_assets.domain.errors import GridError, MissingDataFileError, SchemaError
from grid_assets.pipeline.outcome import StageOutcome

OF_A_DAY = (duckdb.Error, MissingDataFileError, SchemaError)
"""What a damaged or missing file, or a row that cannot be computed, shows itself as."""
MOST_NAMED = 40
Days = tuple[date, ...]
Do = Callable[[Days], StageOutcome]


class DaysFailedError(GridError):
    """Some days failed, with the error of each; `outcome` is what became of the others, which stand."""

    def __init__(self, stage: str, failed: Mapping[date, Exception], outcome: StageOutcome) -> None:
        self.failed = dict(failed)
        self.outcome = outcome
        named = ", ".join(str(day) for day in sorted(failed)[:MOST_NAMED])
        more = f" and {len(failed) - MOST_NAMED} more" if len(failed) > MOST_NAMED else ""
        first = failed[min(failed)]
        super().__init__(
            f"{stage} failed for {len(failed)} days ({named}{more}), the first with: {str(first).rstrip('.')}",
            "files that can be read, of these days and of the 28 before each",
            f"mend them (`grid doctor`) and run again: these days stay to do, {len(outcome.days)} others stand",
        )


class Apart:
    """Does steps of one stage and keeps the days that fail apart; an instance is used as the function of the steps."""

    def __init__(self, stage: str, do: Do) -> None:
        self._stage = stage
        self._do = do
        self._failed: dict[date, Exception] = {}

    def __call__(self, days: Days) -> StageOutcome:
        """Do some days and return the outcome of those that succeeded."""
        try:
            return self._do(days)
        except OF_A_DAY as error:
            if len(days) == 1:
                self._failed[days[0]] = error
                return StageOutcome()
        half = len(days) // 2
        return self(days[:half]) + self(days[half:])

    def check(self, outcome: StageOutcome) -> StageOutcome:
        """Return the whole outcome if no day failed.

        Raises:
            DaysFailedError: If some did; the last one's error is its cause.
        """
        if self._failed:
            raise DaysFailedError(self._stage, self._failed, outcome) from self._failed[min(self._failed)]
        return outcome
