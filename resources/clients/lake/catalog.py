"""Opening the Iceberg catalog: its address, its warehouse as a location, and first use by several processes at once."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError, NoSuchTableError, ValidationError
from pyiceberg.table import Table
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError

from grid_assets.domain.errors import ConfigurationError, LakeError

CATALOG_NAME = "grid"
LOCK_SECONDS = "30"
"""How long a commit waits for another one in a SQLite catalog; one holds the lock for milliseconds."""
FIRST_USES = 5
FIRST_USE_WAIT_SECONDS = 0.1
_NOT_IN_A_LOCATION = "?#*[\\"
"""The first two end the path of a URI, the next make a pattern of it, and the last is a separator to some engines."""
logging.getLogger("pyiceberg").setLevel(logging.ERROR)


def open_catalog(address: str, warehouse: Path) -> SqlCatalog:
    """Return the catalog at an address, made on first use.

    Raises:
        ConfigurationError: If the warehouse's path cannot be written as a location.
        LakeError: If the catalog cannot be reached.
    """
    location = location_of(warehouse)
    warehouse.mkdir(parents=True, exist_ok=True)
    url = make_url(address)
    if url.get_backend_name() == "sqlite" and "timeout" not in url.query:
        url = url.update_query_dict({"timeout": LOCK_SECONDS})
    uri = url.render_as_string(hide_password=False)
    return _first_use(lambda: SqlCatalog(CATALOG_NAME, uri=uri, warehouse=location), url.render_as_string())


def location_of(path: Path) -> str:
    """Return a folder as a file location; paths stand in it as they are, which every reader of Iceberg expects.

    Raises:
        ConfigurationError: If a character of the path means something else in a location or a pattern.
    """
    text = str(path.absolute())
    if wrong := sorted({c for c in text if c in _NOT_IN_A_LOCATION or not c.isprintable()}):
        raise ConfigurationError(
            f"the lake's folder {text!r} has {' and '.join(map(repr, wrong))} in its path",
            f"a path without control characters and {' '.join(_NOT_IN_A_LOCATION)}",
            "set GRID_HOME to another folder",
        )
    return f"file://{text}"


def path_of(location: str) -> str:
    """Return the path that a file location stands for; Java writes `file:/path` for what others write `file:///path`."""
    return location.removeprefix("file://" if location.startswith("file://") else "file:")


def load(catalog: SqlCatalog, identifier: str) -> Table | None:
    """Return a table as it is now, None where it does not exist.

    Raises:
        LakeError: If the catalog cannot be asked, or what it names cannot be read.
    """
    try:
        return catalog.load_table(identifier)
    except NoSuchTableError:
        return None
    except (OSError, ValueError, ValidationError) as error:
        raise LakeError(
            f"the metadata of {identifier} cannot be read: {error}",
            "the file that the catalog names, whole",
            "restore the lake's folder from a backup",
        ) from error
    except SQLAlchemyError as error:
        raise LakeError(
            f"the catalog cannot be asked for {identifier}: {error}",
            "a database that can be reached",
            "mend GRID_CATALOG_URI or the folder's permissions",
        ) from error


def ensure_namespace(catalog: SqlCatalog, namespace: str) -> None:
    """Make a namespace where it does not exist; several processes may do so at once."""
    try:
        catalog.create_namespace_if_not_exists(namespace)
    except (IntegrityError, NamespaceAlreadyExistsError):
        # Another process made it between the look and the insert.
        return


def _first_use(open_once: Callable[[], SqlCatalog], shown: str) -> SqlCatalog:
    for attempt in range(1, FIRST_USES + 1):
        try:
            return open_once()
        except (OperationalError, ProgrammingError, IntegrityError) as error:
            # Two processes that make the catalog's tables at the same moment: the loser finds them made.
            if attempt == FIRST_USES:
                raise LakeError(
                    f"the catalog at {shown} cannot be opened: {error.orig}",
                    "a database that can be reached and written to",
                    "mend GRID_CATALOG_URI or the folder's permissions",
                ) from error
            time.sleep(FIRST_USE_WAIT_SECONDS * attempt)
    raise AssertionError("the last attempt returns or raises")
