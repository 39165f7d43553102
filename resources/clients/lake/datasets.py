"""The names of users' datasets, and the tables that they stand for.

Saving is in `dataset_save`, reading in `dataset_read`; commits and plans are those of the pipeline's tables.
"""

import re

from pyiceberg.catalog.sql import SqlCatalog

from grid_assets.domain.errors import InputError

NAMESPACE = "datasets"
PIPELINE_NAMESPACE = "grid"
_NAME = re.compile(r"[^\W\d][\w-]{0,99}")


def dataset_names(catalog: SqlCatalog) -> tuple[str, ...]:
    """Return the names of all datasets, sorted."""
    found = catalog.list_tables(NAMESPACE) if catalog.namespace_exists(NAMESPACE) else []
    return tuple(sorted(str(identifier[-1]) for identifier in found))


def dataset_identifier(name: str) -> str:
    """Return the table of a dataset.

    Raises:
        InputError: If the name cannot be one, or is that of a table of the pipeline.
    """
    if isinstance(name, str) and _NAME.fullmatch(name):
        return f"{NAMESPACE}.{name}"
    found = f"a dataset named {name!r}"
    if isinstance(name, str) and name.startswith(f"{PIPELINE_NAMESPACE}."):
        raise InputError(found, "a name without a dot", "only the pipeline writes its tables; save under another name")
    raise InputError(
        found, "a letter or underscore, then letters, digits, underscores and hyphens, 100 characters at most"
    )


def readable_identifier(name: str) -> str:
    """Return the table that a name stands for in reads: a dataset's, or the pipeline's own as `grid.<table>`.

    Raises:
        InputError: If the name can be neither.
    """
    namespace, _, table = name.partition(".") if isinstance(name, str) else ("", "", "")
    if namespace == PIPELINE_NAMESPACE and _NAME.fullmatch(table):
        return name
    return dataset_identifier(name)
