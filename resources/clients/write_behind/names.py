"""Names of workers: a process and a number, so that on the same host a dead worker's claims need not wait."""

import socket
from datetime import UTC, datetime
from itertools import count

from resources.clients.database.owner import is_alive, this_process

_SEPARATOR = "#"
_NUMBERS = count(1)


def worker_name() -> str:
    """Return a name for a worker of this process, another one for each."""
    return f"{this_process()}{_SEPARATOR}{next(_NUMBERS)}"


def is_dead(worker: str) -> bool:
    """Return whether a worker is known to be dead: its process was of this host and is gone.

    Of other hosts, and of names that `worker_name` did not make, nothing is known; their leases have to end.
    """
    process, separator, _ = worker.rpartition(_SEPARATOR)
    if not separator or process.count(":") < 2 or process.rsplit(":", 2)[0] != socket.gethostname():  # noqa: PLR2004 - host:pid:start
        return False
    now = datetime.now(UTC)
    return not is_alive(process, now, now)
