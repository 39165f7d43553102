"""What a started process does: run the real pipeline on a home, with a fault armed at one of its points.

A fault writes a marker file just before it strikes, so that a test can tell a run that was struck from one that never
came by.
"""

import os
import resource
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from grid_assets.domain.errors import GridError
from grid_assets.pipeline.repair import repair
from grid_assets.pipeline.run import run
from resources.clients import failpoints
from resources.settings import load_settings
from resources.wiring import make_platform
from tests.support.homes import opened


class StruckError(Exception):
    """What a fault raises that does not kill."""


@dataclass(frozen=True)
class Fault:
    """A point of the pipeline, and at which pass of it the fault strikes, from 1."""

    point: str
    nth: int = 1

    def __str__(self) -> str:
        """Return the fault as a test's name shows it."""
        return self.point if self.nth == 1 else f"{self.point} #{self.nth}"


def killed_at(home: Path, fault: Fault, marker: Path) -> None:
    """Run the main job and be killed at a point, as by `kill -9`."""
    arm(fault, marker, lambda: os.kill(os.getpid(), signal.SIGKILL))
    run_once(home)


def killed_after(home: Path, seconds: float, marker: Path) -> None:
    """Run the main job and be killed some time after it began, wherever it is; the marker says that it was."""

    def strike() -> None:
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)

    timer = threading.Timer(seconds, strike)
    timer.start()
    run_once(home)
    timer.cancel()


def killed_under_the_real_judge(home: Path, fault: Fault, marker: Path) -> None:
    """Do the same, the gates being judged by the library that judges them in earnest."""
    arm(fault, marker, lambda: os.kill(os.getpid(), signal.SIGKILL))
    run(make_platform(load_settings(home=home)))


def interrupted_at(home: Path, fault: Fault, marker: Path) -> None:
    """Run the main job and be interrupted at a point, as by Ctrl-C."""
    arm(fault, marker, lambda: os.kill(os.getpid(), signal.SIGINT))
    with suppress(KeyboardInterrupt):
        run_once(home)


def run_once(home: Path) -> None:
    """Run the main job."""
    with opened(home) as platform:
        run(platform)


def run_on_a_full_disk(home: Path, fault: Fault, marker: Path, error: Path) -> None:
    """Run the main job while from a point on no file can grow any more; write down the error as `Kind: message`."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    arm(fault, marker, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1])))
    try:
        run_once(home)
    except (GridError, OSError) as caught:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        error.write_text(f"{type(caught).__name__}: {caught}")


def arm(fault: Fault, marker: Path, strike: Callable[[], None]) -> None:
    """Arm a fault in this process."""
    passes = 0

    def reached() -> None:
        nonlocal passes
        passes += 1
        if passes == fault.nth:
            marker.write_text(str(fault))
            strike()

    failpoints.arm(fault.point, reached)


def struck() -> None:
    """Raise instead of killing."""
    raise StruckError


def repair_and_be_killed_at(home: Path, fault: Fault, marker: Path) -> None:
    """Repair what dead batches left and be killed at a point of that."""
    arm(fault, marker, lambda: os.kill(os.getpid(), signal.SIGKILL))
    with opened(home) as platform:
        repair(platform)
