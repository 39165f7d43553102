"""The instance of a home: its configuration is one that Dagster takes, and writing it again changes nothing."""

from pathlib import Path

import pytest

from jobs.instance import CONFIGURATION, FILE_NAME, dagster_home, open_instance, prepare
from resources.settings import load_settings


def test_prepare__writes_the_configuration_once(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    home = prepare(settings)
    written = home / FILE_NAME
    before = written.stat().st_mtime_ns
    assert prepare(settings) == home == dagster_home(settings)
    assert written.stat().st_mtime_ns == before
    assert written.read_text() == CONFIGURATION


def test_open_instance__limits_runs_by_purpose_and_stages_by_pool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with open_instance(load_settings(home=tmp_path)) as instance:
        concurrency = instance.get_concurrency_config()
        assert concurrency.pool_config.default_pool_limit == 1
        assert concurrency.pool_config.pool_granularity is not None
        assert concurrency.pool_config.pool_granularity.value == "run"
        limits = concurrency.run_queue_config
        assert limits is not None
        assert limits.max_concurrent_runs == 3
        assert [limit["key"] for limit in limits.tag_concurrency_limits] == ["grid/purpose"]
        assert not instance.telemetry_enabled
