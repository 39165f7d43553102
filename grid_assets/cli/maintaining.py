"""The command that does by hand what the maintenance job does every night."""

from typing import TYPE_CHECKING, Annotated

import typer

from grid_assets.cli import common
from grid_assets.cli.common import Json
from grid_assets.cli.output import ERR, OUT, TerminalReporter, print_json, print_table

if TYPE_CHECKING:
    from grid_assets.pipeline.maintain import MaintenanceReport


def register(app: typer.Typer) -> None:
    """Add the command of this module to the application."""
    app.command()(maintain)


def maintain(
    is_dry: Annotated[bool, typer.Option("--dry-run", help="Only show what would be rewritten and removed.")] = False,
    as_json: Json = False,
) -> None:
    """Repair what dead runs left, rewrite small files, forget old snapshots, remove files that nobody names."""
    from grid_assets.pipeline.maintain import maintain as do

    with common.errors(), common.platform() as platform:
        report = do(platform, "cli", TerminalReporter(ERR), is_dry=is_dry)
    if as_json:
        print_json({"dry_run": is_dry, **report.as_dict()})
    else:
        _show(report)


def _show(report: "MaintenanceReport") -> None:
    columns = ("table", "partitions", "rows", "files", "bytes", "files after", "bytes after", "left")
    rows = [
        [c.table, c.partitions, c.rows, c.files_before, c.bytes_before, c.files_after, c.bytes_after, c.left]
        for c in report.compacted
    ]
    if rows:
        print_table("Small files", columns, rows)
    found = report.vacuumed
    what = [
        ["batches repaired", len(report.repaired)],
        ["snapshots forgotten", report.snapshots_expired],
        ["files in the lake", found.files],
        ["files without a name", found.unnamed],
        ["their bytes", found.unnamed_bytes],
        ["files due", found.due],
        ["files removed", found.removed],
        ["bytes removed", found.removed_bytes],
    ]
    print_table("Maintenance", ("what", "how many"), what)
    for folder, why in found.left.items():
        OUT.print(f"{folder} was left alone: {why}.", markup=False, highlight=False)
