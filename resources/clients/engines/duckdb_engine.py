"""DuckDB in process, the default engine: private in-memory sessions that spill to the home's scratch folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import duckdb
import pyarrow as pa

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.projections.sql import SQL_TYPES, literal, name_list, quote
from resources.clients.engines.base import Scan, WrittenFiles
from resources.clients.engines.duckdb_write import written_files


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

    def scan(self, name: str, scan: Scan) -> None:
        """Bind planned files to a view of that name; columns are found by field id, so renames do no harm."""
        self.define(name, scan_sql(scan))

    def register(self, name: str, data: pa.Table) -> None:
        """Bind an Arrow table to a name, as a temporary table of its own."""
        self.connection.register("_arrow_source", data)
        try:
            self.materialize(name, "SELECT * FROM _arrow_source")
        finally:
            self.connection.unregister("_arrow_source")

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

    def fetch(self, sql: str) -> pa.Table:
        """Run a query and return its rows."""
        return self.connection.sql(sql).to_arrow_table()

    def write(self, sql: str, table: TableSpec, folder: str, order_by: Sequence[str] = ()) -> WrittenFiles:
        """Write a query's rows as Parquet files with the registry's field ids, sorted within each partition."""
        ordered = (*table.partition_by, *(order_by or table.sort_by))
        typed = ", ".join(f"CAST({quote(c.name)} AS {SQL_TYPES[c.type]}) AS {quote(c.name)}" for c in table.columns)
        query = f"SELECT {typed} FROM ({sql})" + (f" ORDER BY {name_list(ordered)}" if ordered else "")
        return written_files(self.connection, query, table, Path(folder), self.compression)

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection and let go of its memory."""
        self.connection.close()


def scan_sql(scan: Scan) -> str:
    """Return a query over planned Parquet files with the table's names and types; no file gives no row."""
    table = scan.table
    if not scan.files:
        typed = ", ".join(f"CAST(NULL AS {SQL_TYPES[c.type]}) AS {quote(c.name)}" for c in table.columns)
        return f"SELECT {typed} WHERE FALSE"
    fields = ", ".join(
        f"{number}: {{name: {literal(c.name)}, type: {literal(SQL_TYPES[c.type])}, default_value: NULL}}"
        for number, c in enumerate(table.columns, start=1)
    )
    files = ", ".join(literal(file) for file in scan.files)
    query = f"SELECT {name_list(table.column_names)} FROM read_parquet([{files}], schema = MAP {{{fields}}})"
    return f"{query} WHERE {scan.predicate}" if scan.predicate else query
