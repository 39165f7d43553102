"""What the ingest steps do when they run."""

import dagster as dg

from grid_assets.defs.running import Events, events, step_of
from grid_assets.pipeline.arrivals import arrivals
from grid_assets.pipeline.catalogue_stage import absorb_catalogues
from grid_assets.pipeline.outcome import StageOutcome
from grid_assets.pipeline.run import take
from grid_assets.presentation.details import Metadata
from resources.wrappers.platform import PlatformResource

STAGE = "ingest"


def catalogue_events(context: dg.AssetExecutionContext, resource: PlatformResource) -> Events:
    """Amend the catalogue by what has arrived and yield the results of its tables."""
    with step_of(context, resource) as step:
        arrived = arrivals(step.platform)
        outcome = absorb_catalogues(step.platform, step.driver, arrived.catalogues)
        numbers: Metadata = {"catalogue files taken": len(arrived.catalogues)}
        yield from events(step, "catalogue", outcome, numbers)


def readings_events(context: dg.AssetExecutionContext, resource: PlatformResource) -> Events:
    """Take the readings that have arrived and yield the results of their table and gate."""
    with step_of(context, resource) as step:
        files, outcome = take(step.platform, step.driver, step.reporter)
        yield from events(step, STAGE, outcome, _numbers(files, outcome))


def _numbers(files: int, outcome: StageOutcome) -> Metadata:
    names = ("received", "stored", "duplicate", "quarantined")
    held: Metadata = {"held batches": ", ".join(map(str, outcome.held))} if outcome.held else {}
    return {
        "files taken": files,
        "files seen before": outcome.rows.get("repeated_files", 0),
        **{f"rows {name}": outcome.rows.get(name, 0) for name in names},
        "days changed": len(set(outcome.changed)),
        **held,
    }
