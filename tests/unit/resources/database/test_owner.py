"""Who lives and who does not: processes of this host by the process table, others by their heartbeat."""

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from resources.clients.database.owner import HEARTBEAT_LIMIT, NOBODY, is_alive, this_process

NOW = datetime(2016, 3, 27, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=9)


def test_is_alive__knows_this_process_however_old_its_heartbeat() -> None:
    assert is_alive(this_process(), LONG_AGO, NOW)


def test_is_alive__knows_a_process_that_has_ended_or_waits_to_be_reaped() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    zombie = f"{socket.gethostname()}:{process.pid}:1"
    assert not is_alive(zombie, NOW, NOW)
    process.wait()
    assert not is_alive(zombie, NOW, NOW)


def test_is_alive__is_not_deceived_by_a_reused_process_id() -> None:
    host, pid, ticks = this_process().rsplit(":", 2)
    assert not is_alive(f"{host}:{pid}:{int(ticks) - 1}", NOW, NOW)


def test_is_alive__judges_other_hosts_by_their_heartbeat() -> None:
    owner = "elsewhere:1:1"
    assert is_alive(owner, NOW - HEARTBEAT_LIMIT + timedelta(seconds=1), NOW)
    assert not is_alive(owner, NOW - HEARTBEAT_LIMIT, NOW)


def test_is_alive__counts_nobody_as_dead() -> None:
    assert not is_alive(NOBODY, LONG_AGO, NOW)
