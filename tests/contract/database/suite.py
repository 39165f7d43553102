"""The conformance suite of the operational database: its machines, and how many examples each one gets."""

from tests.contract.database.log_machine import LogMachine
from tests.contract.database.machine import Machine
from tests.contract.database.record_machine import RecordMachine
from tests.contract.database.write_machine import WriteMachine

SUITE: tuple[tuple[type[Machine], int], ...] = ((LogMachine, 25), (RecordMachine, 20), (WriteMachine, 25))
"""Each machine with its examples in the usual tier."""
