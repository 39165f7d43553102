"""Who runs a batch: a process on a host, and whether it still lives.

On the same host the process table answers at once, so a killed run never makes the next one wait; elsewhere a
heartbeat that is too old counts as death.
"""

import os
import socket
from datetime import datetime, timedelta
from pathlib import Path

HEARTBEAT_LIMIT = timedelta(minutes=2)
NOBODY = "nobody:0:0"
"""The owner of a batch that was given up; with an old heartbeat it counts as dead everywhere."""


def this_process() -> str:
    """Return the identity of this process: host, process id and start time in kernel ticks."""
    return f"{socket.gethostname()}:{os.getpid()}:{_start_ticks(os.getpid())}"


def is_alive(owner: str, heartbeat_utc: datetime, now_utc: datetime) -> bool:
    """Return whether an owner still lives; an owner of another host is judged by its heartbeat."""
    host, pid, ticks = owner.rsplit(":", 2)
    if host != socket.gethostname():
        return now_utc - heartbeat_utc < HEARTBEAT_LIMIT
    return _start_ticks(int(pid)) == ticks


def _start_ticks(pid: int) -> str:
    """Return when a process started, or what tells that there is none; without /proc the pid alone must do."""
    stat = Path(f"/proc/{pid}/stat")
    if not Path("/proc/self/stat").exists():
        return "0" if _answers(pid) else "gone"
    try:
        fields = stat.read_text().rpartition(")")[2].split()
    except OSError:
        return "gone"
    return "gone" if fields[0] in {"Z", "X"} else fields[19]


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
