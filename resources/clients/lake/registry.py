"""The registry's tables in a lake that an older version made: new columns are added, anything else is refused."""

from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import NestedField

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.errors import ConfigurationError
from resources.clients.lake.commit import told_apart
from resources.clients.lake.dataset_schema import partition_names
from resources.clients.lake.evolution import stage_schema
from resources.clients.lake.schema import iceberg_schema


def is_as_registered(table: Table, spec: TableSpec) -> bool:
    """Return whether a table's columns and partitions are those of the registry.

    Raises:
        ConfigurationError: If they differ by more than columns that the table has not got yet.
    """
    stored, wanted = table.schema().fields, iceberg_schema(spec).fields
    if len(stored) > len(wanted):
        raise _refused(spec, f"has {len(stored)} columns, the last of them {stored[-1].name!r}, not {len(wanted)}")
    if partition_names(table.metadata) != spec.partition_by:
        raise _refused(spec, f"is partitioned by {list(partition_names(table.metadata))}")
    for ours, theirs in zip(stored, wanted, strict=False):
        if not _goes_on(ours, theirs):
            raise _refused(spec, f"has {_shown(ours)} where the registry says {_shown(theirs)}")
    added = wanted[len(stored) :]
    if required := [column.name for column in added if column.required]:
        raise _refused(spec, f"has rows without {', '.join(required)}, which may not be null")
    if added and table.metadata.last_column_id != len(stored):
        raise _refused(spec, "has lost a column that it once had")
    return not added and all(ours.required is theirs.required for ours, theirs in zip(stored, wanted, strict=True))


def evolve_to_registry(table: Table, spec: TableSpec) -> Table:
    """Add the columns that a table has not got yet, null in the rows that there are; return it as it is then.

    Raises:
        CommitConflictError: If another process changed the table meanwhile, perhaps in the same way.
        LakeError: If the catalog cannot take the commit.
    """
    newest = max(schema.schema_id for schema in table.metadata.schemas)
    transaction = table.transaction()
    stage_schema(transaction, Schema(*iceberg_schema(spec).fields, schema_id=newest + 1))
    with told_apart(spec.identifier):
        return transaction.commit_transaction()


def _goes_on(ours: NestedField, theirs: NestedField) -> bool:
    """Return whether a stored column is a registered one, which may have come to allow nulls."""
    same = (ours.field_id, ours.name, ours.field_type) == (theirs.field_id, theirs.name, theirs.field_type)
    return same and (ours.required or not theirs.required)


def _shown(column: NestedField) -> str:
    return f"{column.name!r} ({column.field_type}{', not null' if column.required else ''})"


def _refused(spec: TableSpec, found: str) -> ConfigurationError:
    return ConfigurationError(
        f"{spec.identifier} {found}",
        "the columns of the registry, or fewer: new ones may be added at the end of a table and may be null",
        "use the version that made this lake or a newer one, or another GRID_HOME",
    )
