"""The line in which callers wait for a shared commit: the first commits for all that wait, the others sleep.

It knows nothing of databases: `run` is given the tickets of a group, and what it raises fails all of them. Whoever has
committed hands the turn to the first of those that came meanwhile.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

MOST_TOGETHER = 256
MOST_YIELDS = 30
"""How often the next commit gives way to callers of the last one; together less than the sync that they save."""
Work = TypeVar("Work")


class Ticket(Generic[Work]):
    """One caller's work, and what came of it; the caller sleeps until it is done, or is its turn to commit."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.result: Any = None
        self.error: Exception | None = None
        self.is_done = False
        self.leads = False
        self.sleep = threading.Lock()
        self.sleep.acquire()


class InterruptedCommitError(Exception):
    """The caller that committed for others was interrupted; whether their work was done is not known."""


class CommitLine(Generic[Work]):
    """Callers in line.

    Args:
        run: Does the works of some tickets as one, or raises and does none of them; it may set single tickets' errors.
        turn: Held while a group runs.
    """

    def __init__(self, run: Callable[[list[Ticket[Work]]], None], turn: threading.Lock) -> None:
        self._run = run
        self._turn = turn
        self._guard = threading.Lock()
        self._waiting: deque[Ticket[Work]] = deque()
        self._is_led = False
        self._together = 1

    def done(self, work: Work) -> Ticket[Work]:
        """Wait until some work was run, with what others want at the same time, and return its ticket."""
        ticket = Ticket(work)
        try:
            if not self._begins(ticket):
                ticket.sleep.acquire()
            if not ticket.is_done:
                self._lead(ticket)
        except BaseException:
            self._leave(ticket)
            raise
        return ticket

    def _begins(self, ticket: Ticket[Work]) -> bool:
        """Enter the line; return whether this caller commits, because nobody is at it."""
        with self._guard:
            self._waiting.append(ticket)
            ticket.leads = not self._is_led
            self._is_led = True
        return ticket.leads

    def _lead(self, ticket: Ticket[Work]) -> None:
        self._gather()
        try:
            with self._turn:
                self._commit()
        finally:
            self._hand_over(ticket)

    def _gather(self) -> None:
        """Let the callers of the last round come back with their next work, so that they share this commit too."""
        for _ in range(MOST_YIELDS):
            if len(self._waiting) >= self._together:
                return
            time.sleep(0)

    def _commit(self) -> None:
        tickets: list[Ticket[Work]] = []
        while self._waiting and len(tickets) < MOST_TOGETHER:
            tickets.append(self._waiting.popleft())
        try:
            self._run(tickets)
        except Exception as error:  # noqa: BLE001 - every waiting caller has to hear of it
            _fail(tickets, error)
        except BaseException:
            _fail(tickets, InterruptedCommitError())
            raise
        finally:
            self._together = len(tickets) + len(self._waiting)
            for ticket in tickets:
                ticket.is_done = True
                if not ticket.leads:
                    ticket.sleep.release()

    def _hand_over(self, ticket: Ticket[Work]) -> None:
        with self._guard:
            if not ticket.leads:
                return
            ticket.leads = False
            self._is_led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].leads = True
                self._waiting[0].sleep.release()

    def _leave(self, ticket: Ticket[Work]) -> None:
        """Leave the line after an interrupt; the work is done with a group that has begun, or never."""
        with self._guard, suppress(ValueError):
            self._waiting.remove(ticket)
        self._hand_over(ticket)


def _fail(tickets: list[Ticket[Any]], error: Exception) -> None:
    for ticket in tickets:
        ticket.error = ticket.error or error
