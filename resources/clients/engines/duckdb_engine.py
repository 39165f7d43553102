"""DuckDB in process, the default engine: private in-memory sessions that spill to the home's scratch folder."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import duckdb
import pyarrow as pa

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.errors import GridError, MissingDataFileError
from grid_assets.domain.projections.sql import literal, name_list, quote
from resources.clients.engines.base import Scan, WrittenFiles
from resources.clients.engines.duckdb_write import written_files
from resources.clients.engines.layout import ORC, Layout, layout_of
from resources.clients.engines.orc.read import OrcStream
from resources.clients.engines.orc.write import written_orc_files

_GLOB_CHARACTERS = str.maketrans({character: f"[{character}]" for character in "*?["})


@dataclass(frozen=True)
class DuckDBEngine:
    """Makes DuckDB sessions that share a memory limit, a thread count and a scratch folder."""

    scratch: Path
    memory_limit: str = "4GiB"
    threads: int | None = None
    compression: str = "zstd"

    def session(self) -> "DuckDBSession":
        """Return a session with UTC as its time zone and no access to extensions that would be downloaded."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": self.memory_limit,
            "temp_directory": str(self.scratch),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if self.threads is not None:
            config["threads"] = self.threads
        connection = duckdb.connect(config=config)
        connection.execute("SET TimeZone = 'UTC'")
        return DuckDBSession(connection, self.compression)


class DuckDBSession:
    """A session over one connection; the connection is public for stages that need DuckDB itself, such as ingest."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, compression: str) -> None:
        self.connection = connection
        self.compression = compression
        self._streams: dict[str, OrcStream] = {}

    def scan(self, name: str, scan: Scan) -> None:
        """Bind planned files to a view of that name; columns are found by field id, so renames do no harm."""
        parquet = replace(scan, files=tuple(path for path in scan.files if not path.endswith(ORC)))
        with _missing_files_named():
            if len(parquet.files) == len(scan.files):
                self.define(name, scan_sql(scan))
                return
            columns = self.connection.sql(scan_sql(replace(scan, files=()))).to_arrow_table().schema
        stream = OrcStream(replace(scan, files=tuple(path for path in scan.files if path.endswith(ORC))), columns)
        self._streams[name] = stream
        self.connection.register(f"_orc_{name}", stream)
        orc = f"SELECT * FROM {quote(f'_orc_{name}')}" + (f" WHERE {scan.predicate}" if scan.predicate else "")
        self.define(name, f"{scan_sql(parquet)} UNION ALL {orc}" if parquet.files else orc)

    def register(self, name: str, data: pa.Table) -> None:
        """Bind an Arrow table to a name, as a temporary table of its own."""
        self.connection.register("_arrow_source", data)
        try:
            self.materialize(name, "SELECT * FROM _arrow_source")
        finally:
            self.connection.unregister("_arrow_source")

    def bind(self, name: str, data: pa.Table | pa.RecordBatchReader) -> None:
        """Bind Arrow data to a name without a copy; a reader can be queried once."""
        self.connection.register(name, data)

    def define(self, name: str, sql: str) -> None:
        """Make a temporary view of a query, replacing what had that name."""
        self.drop(name)
        self.connection.execute(f"CREATE TEMP VIEW {quote(name)} AS {sql}")

    def materialize(self, name: str, sql: str) -> None:
        """Run a query once and keep its rows under that name, replacing what had it."""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE _building AS {sql}")
        self.drop(name)
        self.connection.execute(f"ALTER TABLE _building RENAME TO {quote(name)}")

    def drop(self, *names: str) -> None:
        """Drop temporary tables or views; unknown names are passed over."""
        for name in names:
            kinds = self.connection.execute(
                "SELECT table_type FROM information_schema.tables WHERE table_name = ?", [name]
            ).fetchall()
            for (kind,) in kinds:
                self.connection.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} {quote(name)}")

    def fetch(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run a query, its `?` bound to the parameters, and return its rows.

        Raises:
            MissingDataFileError: If a planned file is gone.
        """
        with _missing_files_named(), self._errors_of_streams():
            return self.connection.sql(sql, params=list(parameters) or None).to_arrow_table()

    def write(self, sql: str, table: TableSpec | Layout, folder: str, order_by: Sequence[str] = ()) -> WrittenFiles:
        """Write a query's rows as files of the layout's format with the table's field ids, sorted within each file."""
        layout = layout_of(table)
        if order_by:
            layout = replace(layout, sort_by=tuple(order_by))
        typed = ", ".join(f"CAST({quote(c.name)} AS {c.sql_type}) AS {quote(c.name)}" for c in layout.columns)
        compression = layout.compression or self.compression
        write = written_orc_files if layout.file_format == ORC else written_files
        with self._errors_of_streams():
            return write(self.connection, f"SELECT {typed} FROM ({sql})", layout, Path(folder), compression)

    @contextmanager
    def _errors_of_streams(self) -> Iterator[None]:
        """Tell an error that arose while a stream was read as it was; the engine passes on its text alone."""
        try:
            yield
        except (duckdb.Error, pa.ArrowException, GridError) as error:
            for stream in self._streams.values():
                if (own := stream.taken_error()) is not None:
                    raise own from error
            raise

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection and let go of its memory."""
        self.connection.close()


@contextmanager
def _missing_files_named() -> Iterator[None]:
    try:
        yield
    except duckdb.IOException as error:
        if "No files found" not in str(error) and "No such file" not in str(error):
            raise
        raise MissingDataFileError(
            f"a planned data file is gone: {error}", "the files of the planned snapshot", "read again"
        ) from error


def scan_sql(scan: Scan) -> str:
    """Return a query over planned Parquet files with the table's names and types; no file gives no row."""
    columns = layout_of(scan.table).columns
    if not scan.files:
        typed = ", ".join(f"CAST(NULL AS {c.sql_type}) AS {quote(c.name)}" for c in columns)
        return f"SELECT {typed} WHERE FALSE"
    fields = ", ".join(
        f"{c.field_id}: {{name: {literal(c.name)}, type: {literal(c.sql_type)}, default_value: NULL}}" for c in columns
    )
    # A path is a pattern to the reader: what has a meaning there is put in brackets, so that it stands for itself.
    files = ", ".join(literal(file.translate(_GLOB_CHARACTERS)) for file in scan.files)
    names = name_list(c.name for c in columns)
    query = f"SELECT {names} FROM read_parquet([{files}], schema = MAP {{{fields}}})"
    return f"{query} WHERE {scan.predicate}" if scan.predicate else query
