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
    engine: Literal["duckdb"] = Field("duckdb", description="Compute engine of verification and aggregation.")
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
