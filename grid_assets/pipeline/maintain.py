"""Maintenance: repair what dead runs left, rewrite small files, forget old snapshots, remove what nobody names."""

from dataclasses import asdict, dataclass
from typing import Any

from grid_assets.pipeline.compact import Compaction, compact
from grid_assets.pipeline.repair import repair
from grid_assets.pipeline.reporter import Reporter, Silent
from grid_assets.pipeline.run import trim
from grid_assets.pipeline.vacuum import VacuumReport, vacuum
from resources.clients.platform import Platform


@dataclass(frozen=True)
class MaintenanceReport:
    """What each step did; in a dry run what compaction and vacuum would do, the other steps being left out."""

    repaired: tuple[tuple[int, str], ...]
    compacted: tuple[Compaction, ...]
    snapshots_expired: int
    vacuumed: VacuumReport

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return asdict(self)


def maintain(
    platform: Platform, driver: str = "cli", reporter: Reporter | None = None, *, is_dry: bool = False
) -> MaintenanceReport:
    """Do the whole maintenance once; safe beside runs, readers and another maintenance.

    No row changes by it and nothing enters the change log. In a dry run nothing is written at all.
    """
    reporter = reporter or Silent()
    repaired = () if is_dry else repair(platform)
    compacted = compact(platform, driver, reporter, is_dry=is_dry)
    expired = 0 if is_dry else trim(platform)
    return MaintenanceReport(repaired, compacted, expired, vacuum(platform, is_dry=is_dry))
