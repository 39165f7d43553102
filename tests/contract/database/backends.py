"""The databases that the conformance suite runs on; a further one joins by a line in `BACKENDS`."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from resources.clients.database.client import Database

Make = Callable[[str], Database]
"""Makes one client of the database at an address."""


@dataclass(frozen=True)
class Backend:
    """One kind of database: `prepare` is called once with a folder, `fresh` gives the address of an empty database."""

    name: str
    prepare: Callable[[Path], None]
    fresh: Callable[[Path, int], str]
    make: Make = Database


def _sqlite_template(folder: Path) -> Path:
    return folder / "template.db"


def _prepare_sqlite(folder: Path) -> None:
    database = Database(f"sqlite:///{_sqlite_template(folder)}")
    _ = database.engine
    database.close()


def _fresh_sqlite(folder: Path, number: int) -> str:
    path = folder / f"{number}.db"
    shutil.copyfile(_sqlite_template(folder), path)
    return f"sqlite:///{path}"


SQLITE = Backend("sqlite", _prepare_sqlite, _fresh_sqlite)
BACKENDS = (SQLITE,)
