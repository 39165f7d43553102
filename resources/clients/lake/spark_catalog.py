"""The lake's catalog as Spark is told of it: the same tables under the same names, never from a cache."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from grid_assets.domain.errors import ConfigurationError
from resources.clients.lake.catalog import CATALOG_NAME, LOCK_SECONDS, location_of

ICEBERG_RUNTIME = "org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:1.12.0"
SQLITE_DRIVER = "org.xerial:sqlite-jdbc:3.51.1.0"
POSTGRESQL_DRIVER = "org.postgresql:postgresql:42.7.8"
_PREFIX = f"spark.sql.catalog.{CATALOG_NAME}"


@dataclass(frozen=True)
class SparkCatalog:
    """What a Spark session is configured with, secrets included, and the packages that it needs on its class path.

    The options are set inside of a running session; as arguments of a command everybody on the machine could read them.
    """

    packages: tuple[str, ...]
    options: Mapping[str, str] = field(repr=False)


def spark_catalog(address: str, warehouse: Path) -> SparkCatalog:
    """Return how Spark reaches the catalog at an address: SQLite or PostgreSQL by JDBC, http(s) as a REST catalog.

    Raises:
        ConfigurationError: If no driver is known for the address.
    """
    shared = {
        _PREFIX: "org.apache.iceberg.spark.SparkCatalog",
        # A cached table would miss what pyiceberg, or another machine, committed meanwhile.
        f"{_PREFIX}.cache-enabled": "false",
        f"{_PREFIX}.warehouse": location_of(warehouse),
    }
    if address.startswith(("http://", "https://")):
        rest = {f"{_PREFIX}.type": "rest", f"{_PREFIX}.uri": address}
        return SparkCatalog((ICEBERG_RUNTIME,), MappingProxyType(shared | rest))
    driver, jdbc = _jdbc(address)
    options = {f"{_PREFIX}.{name}": value for name, value in jdbc.items()}
    return SparkCatalog((ICEBERG_RUNTIME, driver), MappingProxyType(shared | options))


def _jdbc(address: str) -> tuple[str, dict[str, str]]:
    url = _url(address)
    # pyiceberg's tables are those of Iceberg's second JDBC schema; the older one lacks the column of the kind.
    common = {"type": "jdbc", "jdbc.schema-version": "V1"}
    backend = url.get_backend_name()
    if backend == "sqlite" and url.database:
        milliseconds = int(LOCK_SECONDS) * 1000
        file = {"uri": f"jdbc:sqlite:{url.database}", "jdbc.busy_timeout": str(milliseconds)}
        # One connection: SQLite has one writer, and further ones would only wait for each other.
        return SQLITE_DRIVER, common | file | {"clients": "1"}
    if backend == "postgresql":
        where = f"jdbc:postgresql://{url.host or 'localhost'}:{url.port or 5432}/{url.database or ''}"
        who = {"jdbc.user": url.username, "jdbc.password": str(url.password) if url.password else None}
        return POSTGRESQL_DRIVER, common | {"uri": where} | {k: v for k, v in who.items() if v is not None}
    raise ConfigurationError(
        f"no way for Spark to reach a catalog at {url.render_as_string()}",
        "a SQLite file, PostgreSQL, or a REST catalog's http(s) address",
        "set GRID_CATALOG_URI to one of them, or GRID_ENGINE=duckdb",
    )


def _url(address: str) -> URL:
    try:
        return make_url(address)
    except ArgumentError as error:
        raise ConfigurationError(
            "the catalog's address cannot be read", "an address such as sqlite:////path", "mend GRID_CATALOG_URI"
        ) from error
