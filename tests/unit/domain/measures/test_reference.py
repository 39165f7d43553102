"""The reference pages of measures and tables are what the registry says now."""

from collections.abc import Callable
from pathlib import Path

import pytest

from grid_assets.domain.measures.events.registry import EVENT_KINDS
from grid_assets.domain.measures.reference import measures_markdown
from grid_assets.domain.projections.markdown import tables_markdown
from grid_assets.domain.tables import EVENTS, TABLES

REFERENCE = Path(__file__).parents[4] / "docs" / "reference"


@pytest.mark.parametrize(("page", "write"), [("measures.md", measures_markdown), ("tables.md", tables_markdown)])
def test_reference__is_current(page: str, write: Callable[[], str]) -> None:
    assert (REFERENCE / page).read_text(encoding="utf-8") == write(), f"docs/reference/{page} is old: run `make docs`"


def test_tables_markdown__names_every_column() -> None:
    text = tables_markdown()
    for table in TABLES:
        section = text.split(f"\n## {table.name}\n")[1].split("\n## ")[0]
        assert all(f"| {n} | `{c.name}`" in section for n, c in enumerate(table.columns, start=1)), table.name
        assert section.count("(key)") == len(table.key)


def test_event_kinds__are_those_that_the_registry_of_tables_names() -> None:
    said = EVENTS.column_index["event_type"].description.rstrip(".").replace(" or ", ", ").split(", ")
    assert sorted({kind.event_type for kind in EVENT_KINDS}) == sorted(said)
