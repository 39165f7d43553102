"""Measuring a command as a whole process: wall seconds, processor seconds and the peak of its memory."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """One process from start to end."""

    wall_seconds: float
    cpu_seconds: float
    peak_megabytes: float

    def over(self, other: "Measured") -> str:
        """Return the ratios to another measurement, in words."""
        wall, cpu = self.wall_seconds / other.wall_seconds, self.cpu_seconds / other.cpu_seconds
        return f"wall {wall:.2f}x, processor {cpu:.2f}x, memory {self.peak_megabytes / other.peak_megabytes:.2f}x"

    def __str__(self) -> str:
        """Return the figures in words."""
        return f"{self.wall_seconds:7.1f} s wall {self.cpu_seconds:7.1f} s processor {self.peak_megabytes:7.0f} MB peak"


def measure(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Run a command and measure it.

    Raises:
        RuntimeError: If it fails; the end of what it said is in the message.
    """
    began = time.perf_counter()
    with subprocess.Popen(
        list(command), env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        said = process.stdout.read() if process.stdout is not None else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(
            f"{' '.join(command)} ended with {process.returncode}: {said[-3000:].decode(errors='replace')}"
        )
    return Measured(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
