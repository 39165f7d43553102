"""Spark over the lake's own Iceberg tables: the second engine, for what outgrows one machine.

A session of this engine is a session of the process's one Spark, with views of its own. Tables are read through the
Iceberg runtime at the planned snapshot, so delete files and every file format are its business; files are written here
and committed by the lake, as for every engine.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.errors import LakeError
from grid_assets.domain.projections.spark import spark_name, spark_sql, spark_type
from resources.clients.engines.base import Scan, WrittenFiles
from resources.clients.engines.layout import Layout, StoredColumn, layout_of
from resources.clients.engines.spark_errors import told
from resources.clients.engines.spark_runtime import (
    SparkSettings,
    assert_java,
    assert_pyspark,
    configure,
    shared_session,
)
from resources.clients.engines.spark_write import FIELD_ID, written_files
from resources.clients.lake.catalog import CATALOG_NAME
from resources.clients.lake.spark_catalog import SparkCatalog

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_IDLE: dict[frozenset[tuple[str, str]], list["SparkSession"]] = {}
"""Spark sessions without views, by their catalog's options: each holds connections to it, so few are made."""
_LOCK = Lock()


@dataclass(frozen=True)
class SparkEngine:
    """Makes Spark sessions over one lake; the JVM starts with the first and ends with the process."""

    scratch: Path
    catalog: SparkCatalog
    settings: SparkSettings
    compression: str = "zstd"

    def session(self) -> "SparkSqlSession":
        """Return a session with UTC as its time zone.

        Raises:
            ConfigurationError: If Java or pyspark is missing, or the JVM cannot be started.
        """
        with _LOCK:
            idle = _IDLE.setdefault(self._lake, [])
            spark = idle.pop() if idle else None
        return SparkSqlSession(self, spark or self._new())

    def examined(self) -> str:
        """Return in a few words where Spark runs, having made sure that it could start; no JVM is started.

        Raises:
            ConfigurationError: If Java or pyspark is missing.
        """
        assert_pyspark()
        assert_java()
        return f"Spark at {self.settings.address}, {self.settings.memory} of memory"

    def give_back(self, spark: "SparkSession") -> None:
        """Take back a Spark session without views."""
        with _LOCK:
            _IDLE[self._lake].append(spark)

    @property
    def _lake(self) -> frozenset[tuple[str, str]]:
        return frozenset(self.catalog.options.items())

    def _new(self) -> "SparkSession":
        self.scratch.mkdir(parents=True, exist_ok=True)
        spark = shared_session(self.settings, self.catalog.packages, self.scratch).newSession()
        configure(spark, self.settings, self.catalog.options)
        return spark


class SparkSqlSession:
    """A session whose statements are in the common dialect; `spark` is public for what only Spark can do."""

    def __init__(self, engine: SparkEngine, spark: "SparkSession") -> None:
        self.engine = engine
        self.spark = spark
        self._views: set[str] = set()
        self._kept: dict[str, DataFrame] = {}

    def scan(self, name: str, scan: Scan) -> None:
        """Bind a planned read to a view of that name: the table at the snapshot, or the very files where none is named.

        Columns are found by field id, so renames do no harm; one that the snapshot lacks is null.
        """
        layout = layout_of(scan.table)
        with told():
            frame = self._scanned(layout, scan)
            self._view(name, frame.where(spark_sql_condition(scan.predicate)) if scan.predicate else frame)

    def _scanned(self, layout: Layout, scan: Scan) -> "DataFrame":
        if not scan.files:
            return self.spark.createDataFrame([], ", ".join(map(_ddl, layout.columns)))
        if scan.snapshot_id is None:
            return self.spark.read.schema(_schema(layout)).parquet(*scan.files)
        table = ".".join(spark_name(part) for part in (CATALOG_NAME, *_identifier(layout)))
        stored = self._names(".".join((CATALOG_NAME, *_identifier(layout))), scan.snapshot_id)
        columns = ", ".join(
            f"CAST({spark_name(stored[c.field_id]) if c.field_id in stored else 'NULL'} AS {spark_type(c.sql_type)}) "
            f"AS {spark_name(c.name)}"
            for c in layout.columns
        )
        return self.spark.sql(f"SELECT {columns} FROM {table} VERSION AS OF {scan.snapshot_id}")

    def _names(self, identifier: str, snapshot_id: int) -> dict[int, str]:
        """Return what the columns of a table were called in a snapshot, by field id."""
        jvm: Any = self.spark._jvm  # noqa: SLF001 - Python has no call for what Iceberg knows
        session: Any = self.spark._jsparkSession  # noqa: SLF001
        # The call looks for the catalog in the thread's active session, whichever it is given.
        jvm.SparkSession.setActiveSession(session)
        iceberg = jvm.org.apache.iceberg
        table = iceberg.spark.Spark3Util.loadIcebergTable(session, identifier)
        if table.snapshot(snapshot_id) is None:
            raise LakeError(
                f"{identifier} has no snapshot {snapshot_id}", "the snapshot that was planned", "read again"
            )
        fields: Any = iceberg.util.SnapshotUtil.schemaFor(table, snapshot_id).columns()
        return {field.fieldId(): str(field.name()) for field in fields}

    def register(self, name: str, data: pa.Table) -> None:
        """Bind an Arrow table to a name."""
        with told():
            self._view(name, self.spark.createDataFrame(data))

    def bind(self, name: str, data: pa.Table | pa.RecordBatchReader) -> None:
        """Bind Arrow data to a name; the JVM is another process, so this engine copies it."""
        self.register(name, data if isinstance(data, pa.Table) else data.read_all())

    def define(self, name: str, sql: str) -> None:
        """Make a temporary view of a query, replacing what had that name."""
        with told():
            self._view(name, self.spark.sql(spark_sql(sql)))

    def materialize(self, name: str, sql: str) -> None:
        """Run a query once and keep its rows under that name, replacing what had it.

        The rows are kept by the executors, in memory and then on disk, and cut from what led to them: plans of thirty
        steps over each other would take longer than the work. Where an executor is lost, the stage fails.
        """
        with told():
            kept = self.spark.sql(spark_sql(sql)).localCheckpoint(eager=True)
            self._view(name, kept)
        self._kept[name] = kept

    def drop(self, *names: str) -> None:
        """Drop temporary tables or views; unknown names are passed over."""
        for name in names:
            if name in self._views:
                self.spark.catalog.dropTempView(name)
                self._views.discard(name)
            if (kept := self._kept.pop(name, None)) is not None:
                _release(kept)

    def fetch(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run a query, its `?` bound to the parameters, and return its rows.

        Raises:
            MissingDataFileError: If a planned file is gone.
        """
        with told():
            return self.spark.sql(spark_sql(sql), args=list(parameters) or None).toArrow()

    def execute(self, statement: str) -> pa.Table:
        """Run one statement of Spark's own SQL, such as a MERGE, and return its rows.

        Raises:
            CommitConflictError: If another writer changed the same rows meanwhile; nothing was changed.
        """
        with told():
            return self.spark.sql(statement).toArrow()

    def write(self, sql: str, table: TableSpec | Layout, folder: str, order_by: Sequence[str] = ()) -> WrittenFiles:
        """Write a query's rows as Parquet files with the table's field ids, sorted within each file."""
        layout = layout_of(table)
        if order_by:
            layout = replace(layout, sort_by=tuple(order_by))
        with told():
            frame = self.spark.sql(spark_sql(sql))
        return written_files(frame, layout, Path(folder), layout.compression or self.engine.compression)

    def _view(self, name: str, frame: "DataFrame") -> None:
        self.drop(name)
        frame.createOrReplaceTempView(spark_name(name))
        self._views.add(name)

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(self, *_: object) -> None:
        """Drop every view and give the Spark session back."""
        self.drop(*tuple(self._views))
        self.engine.give_back(self.spark)


def spark_sql_condition(predicate: str) -> str:
    """Return a condition of the common dialect as Spark's."""
    return spark_sql(f"SELECT {predicate}").removeprefix("SELECT ")


def _release(kept: "DataFrame") -> None:
    """Let go of the rows of a checkpoint; Spark itself does so only when the JVM's own collector comes by."""
    kept._jdf.queryExecution().logical().rdd().unpersist(False)  # noqa: SLF001, FBT003 - Python has no call for it


def _identifier(layout: Layout) -> tuple[str, str]:
    namespace, _, name = layout.identifier.rpartition(".")
    return namespace or "datasets", name


def _ddl(column: StoredColumn) -> str:
    return f"{spark_name(column.name)} {spark_type(column.sql_type)}"


def _schema(layout: Layout) -> Any:  # noqa: ANN401 - pyspark is imported by those who chose it
    from pyspark.sql.types import StructField, StructType, _parse_datatype_string  # noqa: PLC0415 - as above

    return StructType(
        [
            StructField(c.name, _parse_datatype_string(spark_type(c.sql_type)), metadata={FIELD_ID: c.field_id})
            for c in layout.columns
        ]
    )
