"""How a stage says what it does, whoever listens: a terminal, a log, Dagster or nobody."""

from typing import Protocol


class Reporter(Protocol):
    """Hears of a stage's steps; steps are days or files, whatever the stage counts."""

    def start(self, stage: str, total: int) -> None:
        """A stage begins that has this many steps."""

    def step(self, done: int, note: str) -> None:
        """So many more steps are done."""

    def finish(self, note: str) -> None:
        """The stage has ended."""


class Silent:
    """Says nothing."""

    def start(self, stage: str, total: int) -> None:
        """Do nothing."""

    def step(self, done: int, note: str) -> None:
        """Do nothing."""

    def finish(self, note: str) -> None:
        """Do nothing."""
