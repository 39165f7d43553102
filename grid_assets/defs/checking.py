"""What the standing checks do when they run: the books and the held batches of a stage, over the run's days."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import dagster as dg

from grid_assets.domain.tables import SENSOR_DATA
from grid_assets.partitions import day_of
from grid_assets.presentation.check_results import agreement_result, held_result, reconciliation_result
from grid_assets.presentation.numbers import held_batches, known_days, logged_days
from grid_assets.presentation.reconciliation import Line
from resources.clients.platform import Platform
from resources.wrappers.failures import as_dagster_failures
from resources.wrappers.platform import PlatformResource

NEWEST_DAYS = 7
"""Days that a check looks at where its run has no partitions."""
FIRST_TAG, LAST_TAG, ONE_TAG = (
    "dagster/asset_partition_range_start",
    "dagster/asset_partition_range_end",
    "dagster/partition",
)

Books = Callable[[Platform, Sequence[date]], Sequence[Line]]


def reconcile(context: dg.AssetCheckExecutionContext, resource: PlatformResource, books: Books) -> dg.AssetCheckResult:
    """Return the result of a stage's reconciliation over the run's days."""
    with as_dagster_failures(context.retry_number), resource.open() as platform:
        return reconciliation_result(books(platform, _days(context, platform)))


def held(context: dg.AssetCheckExecutionContext, resource: PlatformResource, stage: str) -> dg.AssetCheckResult:
    """Return the result of a stage's check on held batches."""
    with as_dagster_failures(context.retry_number), resource.open() as platform:
        return held_result(held_batches(platform, stage))


def agree(
    context: dg.AssetCheckExecutionContext,
    resource: PlatformResource,
    books: Callable[[Platform], Sequence[Line]],
) -> dg.AssetCheckResult:
    """Return whether a copy holds what the lake holds, as far as its follower has got; a difference warns."""
    with as_dagster_failures(context.retry_number), resource.open() as platform:
        return agreement_result(books(platform))


def _days(context: dg.AssetCheckExecutionContext, platform: Platform) -> tuple[date, ...]:
    tags = context.run.tags
    first, last = tags.get(FIRST_TAG, tags.get(ONE_TAG)), tags.get(LAST_TAG, tags.get(ONE_TAG))
    if first is None or last is None:
        return logged_days(platform, SENSOR_DATA)[-NEWEST_DAYS:]
    count = (day_of(last) - day_of(first)).days + 1
    return known_days(platform, [day_of(first) + timedelta(days=n) for n in range(count)])
