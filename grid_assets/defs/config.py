"""What a person can set for one run, in the launchpad or in a backfill's run config."""

import dagster as dg
from pydantic import Field


class StageConfig(dg.Config):
    """How a stage cuts its work; nothing here changes what comes out."""

    chunk_readings: int | None = Field(
        None, ge=1_000, description="About how many readings one step takes at once; default: the setting's."
    )
