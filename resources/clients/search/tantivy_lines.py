"""Documents on their way into Tantivy: each becomes one JSON line with our own fields and the companions of words.

The source is spliced into the line as it stands, so what is searched, stored and summed up is one and the same text.
The lines are made in SQL: a loop over documents would take longer than indexing them.
"""

import json
import os
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa

from grid_assets.domain.errors import SearchError
from grid_assets.domain.projections.sql import literal
from grid_assets.domain.search.fields import DocumentKind, Role
from resources.clients.search.tantivy_schema import DAY, HIGH, ID, LOW, REMOVED, SOURCE, VERSION, whole_name, words_name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ROWS_AT_ONCE = 20_000
_OWN = " || ".join(
    (
        f"""'{{"{ID}":' || CAST(TO_JSON(id) AS VARCHAR)""",
        f"""',"{VERSION}":' || version || ',"{REMOVED}":false'""",
        f"""',"{DAY}":' || (10000 * YEAR(operating_day) + 100 * MONTH(operating_day) + DAY(operating_day))""",
        f"""',"{HIGH}":' || CAST('0x' || digest[1:4] AS INTEGER)""",
        f"""',"{LOW}":' || CAST('0x' || digest[5:8] AS INTEGER)""",
        f"""',"{SOURCE}":"' || TO_BASE64(ENCODE(source)) || '"'""",
    )
)


def document_lines(kind: DocumentKind, batches: Iterable[pa.RecordBatch]) -> Iterator[list[str]]:
    """Return one line per document (schema DOCUMENTS), in order, some thousands at a time.

    Raises:
        SearchError: If a source is no JSON object.
    """
    sql = _lines_sql(kind)
    with _engine(os.getpid()).cursor() as connection:
        for batch in batches:
            for first in range(0, batch.num_rows, ROWS_AT_ONCE):
                yield _lines(connection, sql, batch.slice(first, ROWS_AT_ONCE))


@cache
def _engine(process: int) -> "DuckDBPyConnection":
    """Return this process's own engine for lines; opening one takes longer than most changes do."""
    import duckdb  # noqa: PLC0415 - who only searches makes no lines

    del process
    return duckdb.connect(config={"threads": 1})


def tombstone_line(document_id: str, version: int) -> str:
    """Return the line that stands for a removed document."""
    return json.dumps({ID: document_id, VERSION: version, REMOVED: True}, ensure_ascii=False)


def _lines(connection: "DuckDBPyConnection", sql: str, batch: pa.RecordBatch) -> list[str]:
    import duckdb  # noqa: PLC0415 - who only searches makes no lines

    connection.register("documents", pa.Table.from_batches([batch]))
    try:
        lines: list[str | None] = connection.sql(sql).to_arrow_table().column("line").to_pylist()
    except duckdb.InvalidInputException as error:
        raise SearchError(f"the source of a document cannot be read: {error}", "a JSON object") from error
    if None in lines:
        row = lines.index(None)
        source = str(batch.column("source")[row])
        raise SearchError(f"the source of the document {batch.column('id')[row]} is {source[:200]!r}", "a JSON object")
    return lines  # type: ignore[return-value]  # none is None


def _lines_sql(kind: DocumentKind) -> str:
    """Return the query that makes lines; a source that is no object gives null."""
    named = [(f.name, [n for n in (words_name(f), whole_name(f)) if n]) for f in kind.fields if f.role is Role.EXACT]
    copied = [(name, copies) for name, copies in named if copies]
    paths = ", ".join(literal(f'$."{name}"') for name, _ in copied)
    values = f"JSON_EXTRACT(source, [{paths}])" if copied else "[]"
    parts = "".join(_companions_sql(number, copies) for number, (_, copies) in enumerate(copied, start=1))
    return (
        f"SELECT CASE WHEN source LIKE '{{%' THEN {_OWN}{parts} "
        "|| CASE WHEN LTRIM(source[2:]) = '}' THEN '}' ELSE ',' || source[2:] END END AS line "
        f"FROM (SELECT *, MD5(source) AS digest, {values} AS v FROM documents)"
    )


def _companions_sql(number: int, copies: list[str]) -> str:
    """Return SQL that adds the copies of one field's value, nothing where the document lacks it."""
    value = f"NULLIF(CAST(v[{number}] AS VARCHAR), 'null')"
    text = " || ".join(f"""',"{copy}":' || {value}""" for copy in copies)
    return f" || COALESCE({text}, '')"
