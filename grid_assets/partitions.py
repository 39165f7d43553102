"""Every partition definition: the operating days of the grid, and which tables go by them.

Assets are declared without partitions, because the first day and the zone are settings; `by_day` gives them theirs.
"""

from collections.abc import Iterable, Sequence
from datetime import date

import dagster as dg

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.tables import BY_NAME, SENSOR_LATEST
from resources.settings import GridSettings

TODAY_TOO = 1
"""The day that is still running has a partition: its readings come in during the day."""


def operating_days(settings: GridSettings) -> dg.DailyPartitionsDefinition:
    """Return one partition per civil day of the grid's zone, from the first day up to today."""
    return dg.DailyPartitionsDefinition(
        start_date=settings.first_day.isoformat(), timezone=settings.time_zone, end_offset=TODAY_TOO
    )


def has_days(table: TableSpec) -> bool:
    """Return whether a table's asset goes by operating days; of the latest values it says which days they took in."""
    return table.is_daily or table.name == SENSOR_LATEST.name


def by_day(
    assets: Iterable[dg.AssetsDefinition | dg.AssetSpec], days: dg.DailyPartitionsDefinition
) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Return the assets with partitions on those whose table goes by operating days.

    Edges from such a table to an asset without partitions, a copy of the lake, name the newest day: a run of the copy
    would otherwise look up every day since the first.
    """

    def with_days(spec: dg.AssetSpec) -> dg.AssetSpec:
        if _goes_by_days(spec.key):
            return spec.replace_attributes(partitions_def=days)
        return spec.replace_attributes(deps=[_to_the_newest_day(dep) for dep in spec.deps])

    return list(dg.map_asset_specs(with_days, assets))


def _goes_by_days(key: dg.AssetKey) -> bool:
    table = BY_NAME.get(key.path[-1])
    return table is not None and has_days(table)


def _to_the_newest_day(dep: dg.AssetDep) -> dg.AssetDep:
    if not _goes_by_days(dep.asset_key):
        return dep
    return dg.AssetDep(dep.asset_key, partition_mapping=dg.LastPartitionMapping())


def day_of(partition_key: str) -> date:
    """Return the operating day that a partition stands for."""
    return date.fromisoformat(partition_key)


def key_of(day: date) -> str:
    """Return the partition key of an operating day."""
    return day.isoformat()


def ranges(days: Iterable[date]) -> tuple[tuple[date, date], ...]:
    """Return the gapless ranges that some days make up, first and last day of each, in order."""
    found: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if found and (day - found[-1][1]).days == 1:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return tuple(found)


def are_partitions(days: Sequence[date], partitions: dg.DailyPartitionsDefinition) -> bool:
    """Return whether every day has a partition; days before the first one or after today have none."""
    first, last = partitions.get_first_partition_key(), partitions.get_last_partition_key()
    return first is not None and last is not None and all(first <= key_of(day) <= last for day in days)
