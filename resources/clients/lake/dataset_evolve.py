"""Evolving a dataset: its columns are changed by one commit to its metadata, again until no other writer is between."""

from grid_assets.domain.errors import InputError
from resources.clients.failpoints import reach
from resources.clients.lake.catalog import load
from resources.clients.lake.client import Lake
from resources.clients.lake.commit import told_apart
from resources.clients.lake.datasets import dataset_identifier, dataset_names
from resources.clients.lake.evolution import Evolution, stage_evolution
from resources.clients.lake.races import retried

EVOLVE_POINTS = ("evolve.staged", "evolve.committed")
"""Where tests kill an evolution, in order."""


def evolve(lake: Lake, name: str, evolution: Evolution) -> tuple[str, ...]:
    """Change a dataset's columns and return their names afterwards, in order.

    Raises:
        InputError: If the dataset or a column does not exist, or nothing or contradictory things are asked for.
        SchemaError: If the dataset cannot have such columns.
        LakeError: If the catalog cannot take the commit; the dataset is then as it was.
    """
    if evolution.is_empty:
        raise InputError("an evolution that changes nothing", "at least one of add, rename, widen, drop and reorder")
    identifier = dataset_identifier(name)
    return retried(lambda: _attempt(lake, identifier, evolution))


def _attempt(lake: Lake, identifier: str, evolution: Evolution) -> tuple[str, ...]:
    table = load(lake.catalog, identifier)
    if table is None:
        there = ", ".join(dataset_names(lake.catalog)) or "none so far"
        raise InputError(f"no dataset named {identifier.split('.', 1)[1]!r}", f"one of those saved: {there}")
    transaction = table.transaction()
    if stage_evolution(transaction, identifier, evolution):
        reach("evolve.staged")
        with told_apart(identifier):
            transaction.commit_transaction()
        reach("evolve.committed")
    return tuple(column.name for column in transaction.table_metadata.schema().fields)
