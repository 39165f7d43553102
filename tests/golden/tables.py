"""Putting golden tables in place and reading them in a form that JSON keeps."""

import json
import shutil
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from pyiceberg.catalog.sql import SqlCatalog

from resources.clients.lake.catalog import ensure_namespace
from resources.columnar import read_from_parquet
from resources.settings import GridSettings, load_settings
from resources.wiring import make_platform
from tests.support.relocation import relocate

HERE = Path(__file__).parent
PLACE = "file:///golden/lake"
"""The location that golden metadata names, which is nowhere; it is rewritten on copying."""
ANSWERS = "answers.json"
VERSIONS = tuple(sorted(path.name for path in HERE.iterdir() if (path / ANSWERS).exists()))


def put_in_place(version: str, home: Path) -> GridSettings:
    """Copy the golden tables of a version into a new home, catalog and all, and return its settings."""
    settings = load_settings(home=home, threads=1)
    shutil.copytree(HERE / version / "lake", settings.warehouse)
    relocate(settings.warehouse, PLACE, f"file://{settings.warehouse}")
    platform = make_platform(settings)
    for identifier, metadata in answers(version)["tables"].items():
        register(platform.lake.catalog, identifier, f"file://{settings.warehouse}/{metadata}")
    platform.close()
    return settings


def register(catalog: SqlCatalog, identifier: str, location: str) -> None:
    """Give a catalog a table whose metadata are there."""
    ensure_namespace(catalog, identifier.split(".", 1)[0])
    catalog.register_table(identifier, location)


def answers(version: str) -> dict[str, Any]:
    """Return what the tables of a version hold, and where their metadata lie."""
    found: dict[str, Any] = json.loads((HERE / version / ANSWERS).read_text(encoding="utf-8"))
    return found


def read(settings: GridSettings, question: dict[str, Any]) -> list[list[Any]]:
    """Return the rows that a question asks for as JSON keeps them, sorted by their text."""
    filters = [tuple(term) for term in question["filters"]] if question["filters"] else None
    found = read_from_parquet(
        question["name"], filters, question["columns"], question["as_of"], as_="arrow", settings=settings
    )
    return sorted(([plain(value) for value in row.values()] for row in found.to_pylist()), key=json.dumps)


def plain(value: object) -> Any:  # noqa: ANN401 - any value of JSON
    """Return a value as JSON keeps it, text where it has no form of its own."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return repr(value) if isinstance(value, float | Decimal) else value
