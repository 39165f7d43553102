"""The conformance suite of the cache: its machines, and how many examples each one gets in the usual tier."""

from tests.contract.cache.generation_machine import GenerationMachine
from tests.contract.cache.key_machine import KeyMachine
from tests.contract.cache.machine import Machine

SUITE: tuple[tuple[type[Machine], int], ...] = ((KeyMachine, 30), (GenerationMachine, 30))
