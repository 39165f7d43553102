"""The settings: frozen, read from the environment with the prefix GRID_, secrets typed. Nothing is read at import."""

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from grid_assets.domain.errors import ConfigurationError


class GridSettings(BaseSettings):
    """Every setting has a default that works on one machine with nothing else installed."""

    model_config = SettingsConfigDict(env_prefix="GRID_", frozen=True, extra="ignore")

    home: Path = Field(Path(".grid"), description="Folder that everything lives under; two homes never mix.")
    time_zone: str = Field(
        "Europe/Berlin", description="The grid's time zone (IANA); operating days are its civil days."
    )
    engine: Literal["duckdb", "spark"] = Field(
        "duckdb", description="Compute engine of verification and aggregation; `spark` needs Java 17 and the extra."
    )
    spark_master: str | None = Field(
        None, description="Spark's master; default: this machine, with `threads` threads or one per core."
    )
    spark_memory: str = Field("2g", description="Memory of Spark's driver, which does all the work on one machine.")
    catalog_uri: SecretStr | None = Field(
        None, description="Address of the lake's catalog; default: SQLite in the home."
    )
    database_url: SecretStr | None = Field(
        None, description="Address of the operational database; default: SQLite in the home."
    )
    first_day: date = Field(date(2016, 1, 1), description="First daily partition that Dagster shows.")
    memory_limit: str = Field("4GiB", description="Memory that one run of the engine may use before it spills to disk.")
    threads: int | None = Field(None, ge=1, description="Threads of the engine; default: one per core.")
    chunk_readings: int = Field(
        3_000_000, ge=1_000, description="About how many readings one verification or aggregation step takes at once."
    )
    batch_megabytes: int = Field(
        512, ge=1, description="About how many megabytes of uncompressed landing files one ingest batch takes."
    )
    snapshots_kept: int = Field(30, ge=2, description="Snapshots of each table that stay for time travel.")
    target_file_megabytes: int = Field(
        256, ge=1, description="Size in megabytes that maintenance rewrites many small files of a partition towards."
    )
    vacuum_grace_hours: int = Field(
        24,
        ge=1,
        description="Hours that a file of the lake without a name must be old, and stay known as such, before it is "
        "removed; longer than the longest read and the longest save.",
    )
    warm_days: int = Field(
        35,
        ge=0,
        description="How many of the newest operating days the cache holds whole; others are read on demand.",
    )
    durability: Literal["normal", "full"] = Field(
        "full",
        description="What an answered write of cache or write-behind survives: `normal` the death of every process, "
        "`full` also the loss of power.",
    )
    pending_writes: int = Field(
        100_000, ge=1, description="Writes that may wait in the write-behind queue; more are refused until it drains."
    )
    readings_grain: Literal["hour", "raw"] = Field(
        "hour", description="What one document of the readings index stands for: a sensor's hour, or one reading."
    )
    indices_kept: int = Field(1, ge=0, description="Good search indices that stay for a rollback, beside the live one.")

    @property
    def landing(self) -> Path:
        """Return the landing zone."""
        return self.home / "landing"

    @property
    def warehouse(self) -> Path:
        """Return the lake's folder."""
        return self.home / "lake"

    @property
    def scratch(self) -> Path:
        """Return the folder for what may be lost at any time."""
        return self.home / "tmp"

    @property
    def search_folder(self) -> Path:
        """Return the folder of the embedded search indices."""
        return self.home / "search"

    @property
    def cache_file(self) -> Path:
        """Return the file of the embedded cache and queue: the operational database's where that is a file."""
        return self._database_file or (self.home / "grid.db").absolute()

    @property
    def is_one_file(self) -> bool:
        """Return whether the operational database lives in the file of the embedded cache and queue."""
        return self._database_file is not None

    @property
    def _database_file(self) -> Path | None:
        from sqlalchemy import make_url  # noqa: PLC0415 - settings are read by what should start quickly

        address = make_url(self.database_address)
        is_file = address.get_backend_name() == "sqlite" and bool(address.database)
        return Path(str(address.database)) if is_file else None

    @property
    def catalog_address(self) -> str:
        """Return the catalog's address, the home's SQLite file where none is set."""
        if self.catalog_uri is not None:
            return self.catalog_uri.get_secret_value()
        return _sqlite_address(self.home / "catalog.db")

    @property
    def database_address(self) -> str:
        """Return the operational database's address, the home's SQLite file where none is set."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return _sqlite_address(self.home / "grid.db")


def _sqlite_address(file: Path) -> str:
    # A home's path may hold what means something in an address, such as a question mark or a percent sign.
    from sqlalchemy.engine import URL  # noqa: PLC0415 - settings are read by what should start quickly

    return URL.create("sqlite", database=str(file.absolute())).render_as_string(hide_password=False)


def load_settings(**overrides: object) -> GridSettings:
    """Return the settings from the environment, single values overridden by name.

    Raises:
        ConfigurationError: If a value is not of its type; every wrong one is named.
    """
    try:
        return GridSettings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = "; ".join(f"GRID_{str(e['loc'][0]).upper()}: {e['msg']} (found {e['input']!r})" for e in error.errors())
        raise ConfigurationError(
            f"settings that cannot be used: {wrong}", action="mend the environment variables named"
        ) from error
