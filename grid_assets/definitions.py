"""The only assembly of the Dagster definitions: settings to assets, checks, jobs, schedules, sensors and resources.

Loading takes no client library: those are imported by the steps that use them.
"""

import importlib
import pkgutil
import warnings
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import dagster as dg

from grid_assets import defs as stages
from grid_assets.partitions import by_day, operating_days
from jobs import changes, ingest, main, maintenance, reindex, serve, warm
from resources.settings import GridSettings, load_settings
from resources.wrappers.platform import PlatformResource

AUTOLOADED = ("assets", "checks")
"""Module names below `defs/` that hold definitions."""


def build_defs(settings: GridSettings, overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Return every definition of the project.

    Args:
        settings: First day and time zone give the partitions; everything else goes to the platform resource.
        overrides: Resources by name that take the place of the project's own; for tests.
    """
    # Dagster passes `owners` on by itself when it binds a sensor's jobs, and warns of it as if it had been asked to.
    warnings.filterwarnings("ignore", r"Parameter `owners` of initializer `SensorDefinition", dg.BetaWarning)
    modules = _stage_modules()
    days = operating_days(settings)
    loaded = dg.load_assets_from_modules(modules, include_specs=True)
    assets = [asset for asset in loaded if isinstance(asset, dg.AssetsDefinition | dg.AssetSpec)]
    stages_defs = dg.Definitions(
        assets=by_day(assets, days),
        asset_checks=dg.load_asset_checks_from_modules(modules),
        resources={"platform": PlatformResource.of(settings), **(overrides or {})},
        executor=dg.in_process_executor,
    )
    return dg.Definitions.merge(
        stages_defs,
        ingest.definitions(),
        main.definitions(settings),
        changes.definitions(days),
        serve.definitions(),
        warm.definitions(settings),
        reindex.definitions(settings),
        maintenance.definitions(settings),
    )


def _stage_modules() -> Sequence[ModuleType]:
    found = pkgutil.walk_packages(stages.__path__, f"{stages.__name__}.")
    names = sorted(module.name for module in found if module.name.rpartition(".")[2] in AUTOLOADED)
    return [importlib.import_module(name) for name in names]


defs = build_defs(load_settings())
