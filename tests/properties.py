"""How many examples a property test tries: its usual number, and many times that under `make test-deep`."""

from hypothesis import settings

USUAL = 100
"""Examples of the profile of `make test` (tests/conftest.py)."""


def examples(usual: int) -> settings:
    """Return the decorator that gives a property test its number of examples, more of them in the deep tier."""
    return settings(max_examples=max(usual * settings().max_examples // USUAL, 1))
