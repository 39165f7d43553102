"""Dagster over real homes in tests: definitions with a quick or a broken judge, runs in this process, their events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import dagster as dg

from grid_assets.definitions import build_defs
from grid_assets.domain.gates import GateReport
from grid_assets.partitions import key_of
from jobs.backfill import range_tags
from resources.clients.platform import Platform
from resources.settings import GridSettings, load_settings
from resources.wrappers.platform import PlatformResource
from tests.support.judges import PlainJudge


@dataclass(frozen=True)
class BrokenMetric(PlainJudge):
    """Judges one metric of one stage as if the engine had computed another value."""

    stage: str
    metric: str
    value: float

    def judge(self, stage: str, metrics: Mapping[str, float]) -> GateReport:
        """Return the findings with the metric's value put in place."""
        changed = {**metrics, self.metric: self.value} if stage == self.stage else metrics
        return super().judge(stage, changed)


class QuickPlatform(PlatformResource):
    """The project's platform with a judge that needs no library; `broken` is stage, metric and value, or nothing."""

    broken: list[str] = []  # noqa: RUF012 - a pydantic field

    def make(self) -> Platform:
        """Return the platform with the judge put in place."""
        stage, metric, value = self.broken or ("", "", "0")
        return replace(super().make(), judge=BrokenMetric(stage, metric, float(value)))


def settings_of(home: Path) -> GridSettings:
    """Return the settings of a test's home."""
    return load_settings(home=home, threads=2, first_day=date(2016, 3, 1))


def project(home: Path, broken: Sequence[str] = ()) -> dg.Definitions:
    """Return the project's definitions over a home."""
    return build_defs(settings_of(home), {"platform": resource_of(home, broken)})


def resource_of(home: Path, broken: Sequence[str] = ()) -> QuickPlatform:
    """Return the platform resource of a home with the quick judge."""
    return QuickPlatform(settings=PlatformResource.of(settings_of(home)).settings, broken=list(broken))


@dataclass(frozen=True)
class Ran:
    """What a run recorded: whether it succeeded, days by asset, failed checks, steps that ran."""

    success: bool
    days: dict[str, set[str]]
    whole: set[str]
    failed_checks: set[str]
    steps: set[str]
    result: dg.ExecuteInProcessResult


def run_job(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    days: tuple[date, date] | None = None,
    config: dg.RunConfig | None = None,
) -> Ran:
    """Run a job in this process, over a range of days where one is given."""
    tags = range_tags(*days) if days else {}
    definition = defs.resolve_job_def(job)
    result = definition.execute_in_process(
        instance=instance, tags=tags, raise_on_error=False, run_config=config or dg.RunConfig()
    )
    return _ran(result)


def materialise_day(defs: dg.Definitions, instance: dg.DagsterInstance, job: str, day: date) -> Ran:
    """Run a job for one partition, as the UI does for a day."""
    run = defs.resolve_job_def(job)
    return _ran(run.execute_in_process(instance=instance, partition_key=key_of(day), raise_on_error=False))


def _ran(result: dg.ExecuteInProcessResult) -> Ran:
    days: dict[str, set[str]] = {}
    whole: set[str] = set()
    for event in result.all_events:
        if event.is_step_materialization:
            made = event.step_materialization_data.materialization
            name = made.asset_key.path[-1]
            if made.partition is None:
                whole.add(name)
            else:
                days.setdefault(name, set()).add(made.partition)
    failed = {evaluation.check_name for evaluation in result.get_asset_check_evaluations() if not evaluation.passed}
    steps = {str(event.step_key) for event in result.all_events if event.is_step_success or event.is_step_failure}
    return Ran(result.success, days, whole, failed, steps, result)
