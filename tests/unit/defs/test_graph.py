"""A snapshot of the asset graph, so that a changed edge, group, partition or check is seen in review."""

import json
from pathlib import Path

import dagster as dg
import pytest

from grid_assets.definitions import build_defs
from grid_assets.domain.tables import TABLES
from resources.settings import load_settings

SNAPSHOT = Path(__file__).parent / "asset_graph.json"


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_defs(load_settings())


def described(definitions: dg.Definitions) -> dict[str, object]:
    """Return everything of the graph that a reviewer should see change."""
    graph = definitions.resolve_asset_graph()
    repository = definitions.get_repository_def()
    assets = {}
    for key in sorted(graph.get_all_asset_keys(), key=str):
        node = graph.get(key)
        partitions = node.partitions_def
        assets[key.to_user_string()] = {
            "deps": sorted(parent.to_user_string() for parent in node.parent_keys),
            "group": node.group_name,
            "partitions": type(partitions).__name__ if partitions else None,
            "checks": {
                check.name: "blocks" if graph.get_check_spec(check).blocking else "warns"
                for check in sorted(node.check_keys, key=str)
            },
        }
    return {
        "assets": assets,
        "jobs": sorted(job.name for job in repository.get_all_jobs() if not job.name.startswith("__")),
        "schedules": {s.name: f"{s.cron_schedule} {s.execution_timezone}" for s in repository.schedule_defs},
        "sensors": sorted(sensor.name for sensor in repository.sensor_defs if "default_automation" not in sensor.name),
    }


def test_asset_graph__is_the_one_that_was_reviewed(definitions: dg.Definitions) -> None:
    now = json.dumps(described(definitions), indent=2) + "\n"
    assert now == SNAPSHOT.read_text(), f"look at the change and, if it is meant, write it to {SNAPSHOT.name}:\n{now}"


def test_asset_graph__has_every_table_with_its_columns_and_units(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for table in TABLES:
        schema = graph.get(dg.AssetKey(table.name)).metadata["dagster/column_schema"]
        assert isinstance(schema, dg.TableSchema)
        assert [column.name for column in schema.columns] == list(table.column_names)
        for column in schema.columns:
            unit = table.column_index[column.name].unit
            assert (f"unit: {unit}" in column.constraints.other) == bool(unit)


def test_asset_graph__names_kinds_owners_and_tags_everywhere(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.kinds, key
        assert node.owners, key
        assert "grid/stage" in node.tags, key
        assert node.description, key


def test_partitions__are_civil_days_of_the_setting() -> None:
    graph = build_defs(load_settings(time_zone="Pacific/Auckland", first_day="2020-02-28")).resolve_asset_graph()
    partitions = graph.get(dg.AssetKey("meter_readings")).partitions_def
    assert isinstance(partitions, dg.DailyPartitionsDefinition)
    assert partitions.timezone == "Pacific/Auckland"
    assert partitions.get_partition_keys()[:3] == ["2020-02-28", "2020-02-29", "2020-03-01"]
