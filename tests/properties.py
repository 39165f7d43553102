"""How many examples a property test tries: its usual number, and many times that under `make test-deep`."""

from hypothesis import Phase, settings

USUAL = 100
"""Examples of the profile of `make test` (tests/conftest.py)."""


def examples(usual: int) -> settings:
    """Return the decorator that gives a property test its number of examples, more of them in the deep tier."""
    return settings(max_examples=max(usual * settings().max_examples // USUAL, 1))


def in_order(most: int) -> settings:
    """Return settings that try the same examples each time, until one fails; there is nothing to be made smaller.

    For tests of the test: a planted bug has to be found, and not by luck.
    """
    return settings(
        max_examples=most,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        print_blob=False,
    )
