"""Seeded randomness: one independent generator per named step, so that adding a step changes no other."""

import zlib

import numpy as np

from tests.input.constants import SEED


def generator(*names: str) -> np.random.Generator:
    """Generator of the step called ``names``; the same names give the same numbers on every machine."""
    return np.random.default_rng([SEED, *(zlib.crc32(name.encode()) for name in names)])
