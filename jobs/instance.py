"""The Dagster instance of a home: where it lies, and its configuration. `python -m jobs.instance` writes and names it.

Pools hold each stage to one run at a time, because a stage may use the whole memory limit; the tag limit
keeps two runs of one purpose from queueing up behind each other's claims.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from resources.settings import GridSettings, load_settings

CONFIGURATION = """\
# Written by `python -m jobs.instance`; changes are overwritten.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  pools:
    default_limit: 1
    granularity: run
  runs:
    max_concurrent_runs: 3
    tag_concurrency_limits:
      - key: grid/purpose
        value:
          applyLimitPerUniqueValue: true
        limit: 1
run_monitoring:
  enabled: true
freshness:
  enabled: true
"""
FILE_NAME = "dagster.yaml"


def dagster_home(settings: GridSettings) -> Path:
    """Return the folder of the home's Dagster instance."""
    return (settings.home / "dagster").absolute()


def prepare(settings: GridSettings) -> Path:
    """Make the instance's folder with its configuration and return it; what has run before is kept."""
    home = dagster_home(settings)
    home.mkdir(parents=True, exist_ok=True)
    path = home / FILE_NAME
    if not path.exists() or path.read_text() != CONFIGURATION:
        path.write_text(CONFIGURATION)
    return home


@contextmanager
def open_instance(settings: GridSettings) -> Iterator[dg.DagsterInstance]:
    """Open the home's instance for a block."""
    with dg.DagsterInstance.from_config(str(prepare(settings))) as instance:
        yield instance


if __name__ == "__main__":
    sys.stdout.write(f"{prepare(load_settings())}\n")
