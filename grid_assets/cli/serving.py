"""Commands over what is served: latest values, search, and the copies that they answer from."""

from typing import Annotated, Any

import typer

from grid_assets.cli import common
from grid_assets.cli.common import First, Json, Last
from grid_assets.cli.output import ERR, OUT, TerminalReporter, print_json, print_table
from grid_assets.cli.searching import KINDS, search

Kinds = Annotated[list[str] | None, typer.Option("--kind", help=f"{', '.join(KINDS)}; all of them by default.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    for command in (search, latest, warm, reindex, worker):
        app.command()(command)


def latest(
    sensor_id: Annotated[str, typer.Argument(help="A sensor of the catalogue.")],
    as_json: Json = False,
) -> None:
    """Show the newest verified value of a sensor."""
    from grid_assets.pipeline.latest import latest as get_latest

    with common.errors(), common.platform() as platform:
        found = get_latest(platform, sensor_id)
    if as_json:
        print_json(found)
    elif found is not None:
        print_table("", ("column", "value"), [[name, value] for name, value in found.items()])
    if found is None:
        ERR.print(f"No verified value of {sensor_id!r}. `grid search` finds sensors by words.", markup=False)
        raise typer.Exit(1)


def warm(first: First = None, last: Last = None, as_json: Json = False) -> None:
    """Bring the database's copies and the cache up to date; with days, put those in place again."""
    from grid_assets.pipeline.publish_records import publish_records
    from grid_assets.pipeline.span import days_between
    from grid_assets.pipeline.warm import warm as warm_cache

    with common.errors(), common.platform() as platform:
        days = days_between(platform, common.day(first), common.day(last)) if first or last else None
        reporter = TerminalReporter(ERR)
        done = publish_records(platform, "cli", reporter, days) + warm_cache(platform, "cli", reporter, days)
    if as_json:
        print_json({"days": len(set(done.days)), **done.rows})
        return
    print_table(
        "Copies", ("what", "how many"), [["days", len(set(done.days))], *([n, c] for n, c in done.rows.items())]
    )


def reindex(
    kinds: Kinds = None,
    rollback: Annotated[bool, typer.Option("--rollback", help="Go back to the index before the live one.")] = False,
    changes: Annotated[bool, typer.Option("--changes", help="Index only what changed, as `grid run` does.")] = False,
    as_json: Json = False,
) -> None:
    """Build the search indices anew beside the live ones, check them against the lake, and swap; or roll back."""
    from grid_assets.pipeline.rebuild import rebuild, roll_back
    from grid_assets.pipeline.reindex import index_changes

    reporter = TerminalReporter(ERR)
    rows: list[dict[str, Any]]
    with common.errors(), common.platform() as platform:
        wanted = _kinds(kinds)
        if rollback:
            live = roll_back(platform, wanted)
            rows = [{"kind": kind, "live": name} for kind, name in live.items()]
        elif changes:
            done = index_changes(platform, "cli", reporter)
            rows = [{"what": name, "how_many": count} for name, count in done.rows.items()]
        else:
            rows = [dict(report.__dict__) for report in rebuild(platform, wanted, "cli", reporter)]
    if as_json:
        print_json(rows)
    elif rows:
        print_table("Search indices", tuple(rows[0]), [list(row.values()) for row in rows])
    else:
        OUT.print("Nothing had changed.")


def worker(
    once: Annotated[bool, typer.Option("--once", help="End when nothing waits any more.")] = False,
) -> None:
    """Apply what write-behind has queued, and land it for the next run, until stopped (Ctrl-C or SIGTERM)."""
    from grid_assets.cli.worker import run_worker

    with common.errors(), common.platform() as platform:
        run_worker(platform, TerminalReporter(ERR), once=once)


def _kinds(given: list[str] | None) -> tuple[str, ...]:
    from grid_assets.domain.errors import InputError

    if unknown := sorted(set(given or ()) - set(KINDS)):
        raise InputError(f"no index of the kind {', '.join(unknown)}", f"of {', '.join(KINDS)}")
    return tuple(given or KINDS)
