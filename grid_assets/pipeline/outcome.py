"""What a stage did, in numbers; the same shape for every stage that works by operating day."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class StageOutcome:
    """Days looked at, days whose content changed, rows by kind, and the batches that their gate holds back."""

    days: tuple[date, ...] = ()
    changed: tuple[date, ...] = ()
    rows: dict[str, int] = field(default_factory=dict)
    held: tuple[int, ...] = ()
    batches: tuple[int, ...] = ()

    def __add__(self, other: "StageOutcome") -> "StageOutcome":
        """Return both together; rows are added by kind."""
        kinds = {*self.rows, *other.rows}
        return StageOutcome(
            self.days + other.days,
            self.changed + other.changed,
            {kind: self.rows.get(kind, 0) + other.rows.get(kind, 0) for kind in sorted(kinds)},
            self.held + other.held,
            self.batches + other.batches,
        )
