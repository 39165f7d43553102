"""The published call for what only Spark does to datasets: MERGE, UPDATE and DELETE of rows, rollback of tables.

Datasets stand under their own names. The pipeline's tables can be read as `grid.grid.<table>`; only the pipeline
writes them. It needs Java and the extra `spark`, whatever GRID_ENGINE says.
"""

import re
from functools import partial

import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from grid_assets.domain.errors import InputError
from grid_assets.pipeline.retry import on_conflict
from resources.clients.lake.catalog import CATALOG_NAME
from resources.clients.lake.datasets import NAMESPACE, PIPELINE_NAMESPACE
from resources.clients.lake.frames import Frame, arrow_data
from resources.settings import GridSettings, load_settings
from resources.wiring import make_spark

_NAMES_THE_PIPELINE = re.compile(
    rf"\b{CATALOG_NAME}\W+{PIPELINE_NAMESPACE}\b|['\"]{PIPELINE_NAMESPACE}\.(?!{NAMESPACE}\.)"
)
"""In a statement that is not parsed, such as a CALL with the name of a table as text."""


def spark_sql(
    statement: str, *, frames: "dict[str, Frame] | None" = None, settings: GridSettings | None = None
) -> pa.Table:
    """Run one statement of Spark SQL over the datasets and return its rows; a changing one is one atomic commit.

    A statement that meets another writer of the same rows is planned and run again, a few times: racing MERGEs lose
    nothing. Earlier snapshots stay readable, and a table goes back to one by
    `CALL grid.system.rollback_to_snapshot('datasets.<name>', <id>)`.

    Args:
        statement: Such as `MERGE INTO loads USING changes ON ... WHEN MATCHED THEN UPDATE SET ...`.
        frames: Frames that the statement names beside datasets; pandas, Polars or Arrow.
        settings: Where the lake is; by default the environment says so.

    Raises:
        InputError: If it is not one statement, or would change a table of the pipeline.
        ConfigurationError: If Java or pyspark is missing.
        CommitConflictError: If it met other writers every time; nothing was changed.
    """
    _assert_leaves_the_pipeline_alone(statement)
    with make_spark(settings or load_settings()).session() as session:
        session.execute(f"CREATE NAMESPACE IF NOT EXISTS {CATALOG_NAME}.{NAMESPACE}")
        session.execute(f"USE {CATALOG_NAME}.{NAMESPACE}")
        for name, frame in (frames or {}).items():
            session.bind(name, arrow_data(frame))
        return on_conflict(partial(session.execute, statement))


def _assert_leaves_the_pipeline_alone(statement: str) -> None:
    try:
        parsed = sqlglot.parse(statement, dialect="spark")
    except SqlglotError as error:
        raise InputError(f"the statement cannot be parsed: {error}", "one statement of Spark SQL") from error
    if len(parsed) != 1 or parsed[0] is None:
        raise InputError(f"{len(parsed)} statements", "one", "run them one by one")
    if isinstance(parsed[0], exp.Query):
        return
    target = parsed[0].find(exp.Table)
    is_pipelines = target is not None and target.db.lower() == PIPELINE_NAMESPACE
    if is_pipelines or (isinstance(parsed[0], exp.Command) and _NAMES_THE_PIPELINE.search(statement)):
        raise InputError(
            f"a statement that changes {target.sql() if target else 'a table of the pipeline'}",
            "one that changes datasets",
            "only the pipeline writes its tables",
        )
