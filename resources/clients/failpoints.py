"""Named points between two steps of a write, where a test can make the process fail; none is armed outside of tests.

The points are listed here so that a test can walk through all of them and none is forgotten.
"""

from collections.abc import Callable

PUBLISH_POINTS = (
    "batch.opened",
    "batch.claimed",
    "files.written",
    "plan.written",
    "table.committed",
    "all.committed",
    "batch.settled",
)
"""The steps of publishing a batch, in order; the stage's name stands before them, as in `verify.plan.written`."""

REPAIR_POINTS = ("repair.taken", "repair.undone", "repair.cleared")
"""The steps of repairing a batch: taken over, companions undone, files removed; what follows is one transaction."""

_ARMED: dict[str, Callable[[], None]] = {}


def arm(point: str, action: Callable[[], None]) -> None:
    """Run an action each time a point is reached; for tests only."""
    _ARMED[point] = action


def disarm() -> None:
    """Forget every armed point."""
    _ARMED.clear()


def reach(point: str) -> None:
    """Pass a point; does nothing where it is not armed."""
    action = _ARMED.get(point)
    if action is not None:
        action()
