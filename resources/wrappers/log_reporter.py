"""A stage's progress in the log of a Dagster run."""

import logging
from dataclasses import dataclass, field


@dataclass
class LogReporter:
    """Writes one line per step: the stage, how much of it is done, and the step's note."""

    log: logging.Logger
    stage: str = ""
    total: int = 0
    done: int = field(default=0, init=False)

    def start(self, stage: str, total: int) -> None:
        """Note the stage and how many steps it has."""
        self.stage, self.total, self.done = stage, total, 0
        if total:
            self.log.info("%s: %d to do", stage, total)

    def step(self, done: int, note: str) -> None:
        """Log how many steps are done."""
        self.done += done
        self.log.info("%s: %d of %d done (%s)", self.stage, self.done, self.total, note)

    def finish(self, note: str) -> None:
        """Log what the stage came to."""
        self.log.info("%s: %s", self.stage, note)
