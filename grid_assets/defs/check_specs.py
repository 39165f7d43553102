"""What a stage's standing checks are called and say of themselves, alike for every stage."""

from typing import Any

RECONCILIATION = "reconciliation"
HELD = "no_batch_held"
AGREEMENT = "agrees_with_the_lake"


def reconciliation_options(asset: str, what: str) -> dict[str, Any]:
    """Return the decorator's arguments of a stage's reconciliation: it blocks, because a lost row is no small thing."""
    return {
        "asset": asset,
        "name": RECONCILIATION,
        "blocking": True,
        "description": f"The books agree: {what}",
    }


def held_options(asset: str) -> dict[str, Any]:
    """Return the decorator's arguments of a stage's check on held batches: it warns, other days go on."""
    return {
        "asset": asset,
        "name": HELD,
        "description": "No batch of this stage waits for a decision because it broke a rule of its gate.",
    }


def agreement_options(asset: str, what: str) -> dict[str, Any]:
    """Return the decorator's arguments of a copy's check: it warns, because a copy can always be made again."""
    return {
        "asset": asset,
        "name": AGREEMENT,
        "description": f"As far as changes were copied, {what}",
    }
