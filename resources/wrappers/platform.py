"""The platform as a Dagster resource: settings go in, plain clients come out.

The clients' libraries take seconds to import, so they load when a step opens the platform, not with the definitions.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import dagster as dg
from pydantic import Field

from resources.settings import GridSettings, load_settings

if TYPE_CHECKING:
    from resources.clients.platform import Platform

SECRETS = frozenset({"catalog_uri", "database_url"})
"""Settings that the UI never shows; a step reads them from its own environment."""


class PlatformResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The clients of one home, by the settings that are no secret."""

    settings: dict[str, Any] = Field(description="Settings by name, secrets left out.")

    @classmethod
    def of(cls, settings: GridSettings) -> Self:
        """Return the resource for some settings."""
        return cls(settings=settings.model_dump(mode="json", exclude=set(SECRETS), exclude_none=True))

    @contextmanager
    def open(self, chunk_readings: int | None = None) -> Iterator["Platform"]:
        """Open the platform for a block, with another step size if one is given.

        Raises:
            ConfigurationError: If a setting cannot be used.
        """
        with closing(self.make()) as platform:
            if chunk_readings is None:
                yield platform
            else:
                yield replace(platform, limits=replace(platform.limits, chunk_readings=chunk_readings))

    @property
    def landing(self) -> Path:
        """Return the landing zone, for looking into it without opening the platform."""
        return load_settings(**self.settings).landing

    def make(self) -> "Platform":
        """Return the clients that the settings ask for; tests replace this one method."""
        from resources.wiring import make_platform  # noqa: PLC0415 - loads the clients' libraries

        return make_platform(load_settings(**self.settings))
