"""The kinds of documents: fields that exist, queries that give them, and the same text on another engine's dialect."""

import duckdb
import pytest
import sqlglot

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.errors import ConfigurationError
from grid_assets.domain.projections.sql import SQL_TYPES, quote
from grid_assets.domain.search.documents import READING_KINDS, document_kinds
from grid_assets.domain.search.fields import DocumentKind, Role

KINDS = (*document_kinds("hour"), READING_KINDS["raw"])
NAMES = [f"{kind.name}-{number}" for number, kind in enumerate(KINDS)]


def _empty(connection: duckdb.DuckDBPyConnection, table: TableSpec) -> None:
    columns = ", ".join(f"{quote(column.name)} {SQL_TYPES[column.type]}" for column in table.columns)
    connection.execute(f"CREATE TABLE {table.name} ({columns})")


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_kind__query_gives_id_day_and_every_field(kind: DocumentKind) -> None:
    with duckdb.connect() as connection:
        for table in kind.tables:
            _empty(connection, table)
        columns = {name for name, *_ in connection.execute(f"DESCRIBE {kind.sql}").fetchall()}
    assert columns == {"id", "operating_day", *(field.name for field in kind.fields)}


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_kind__query_transpiles(kind: DocumentKind) -> None:
    (made,) = sqlglot.transpile(kind.sql, read="duckdb", write="spark")
    assert made
    assert sqlglot.parse_one(made, read="spark") is not None


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_kind__fields_are_named_once_and_lists_are_exact_words(kind: DocumentKind) -> None:
    names = [field.name for field in kind.fields]
    assert len(set(names)) == len(names)
    assert not [name for name in names if name.startswith("_") or name == "id"]
    assert all(field.role is Role.EXACT for field in kind.fields if field.is_many)
    assert [field.name for field in kind.fields if field.role is Role.DAY] in ([], ["operating_day"])


def test_document_kinds__are_three_in_either_grain() -> None:
    for grain in READING_KINDS:
        assert [kind.name for kind in document_kinds(grain)] == ["sensors", "readings", "events"]


def test_document_kinds__refuses_a_grain_it_does_not_know() -> None:
    with pytest.raises(ConfigurationError, match="'week'"):
        document_kinds("week")
