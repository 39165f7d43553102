"""How many examples a property test tries: its usual number, and many times that under `make test-deep`."""

import os

from hypothesis import settings

DEEP_FACTOR = 20


def examples(usual: int) -> settings:
    """Return the decorator that gives a property test its number of examples; there is no deadline per example."""
    is_deep = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
    return settings(max_examples=usual * DEEP_FACTOR if is_deep else usual, deadline=None)
