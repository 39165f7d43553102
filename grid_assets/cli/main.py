"""The `grid` command: the pipeline for people and scripts, over the same functions as the Dagster assets.

Commands import what they need when they run, so that `grid --help` and `grid land` do not wait for the engine.
"""

from pathlib import Path
from typing import Annotated

import typer

from grid_assets.cli import common, maintaining, serving
from grid_assets.cli.common import First, Json, Last
from grid_assets.cli.output import ERR, TerminalReporter, print_json
from resources.settings import load_settings

app = typer.Typer(
    name="grid",
    help="Meter readings into data people can trust. Everything lives under GRID_HOME (default ./.grid).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
serving.register(app)
maintaining.register(app)


@app.command()
def land(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders with sensors/ and readings/.")],
    as_json: Json = False,
) -> None:
    """Put files into the landing zone; nothing there is ever overwritten by other content."""
    from grid_assets.cli import views
    from grid_assets.pipeline.ingest.land import land as put

    with common.errors():
        result = put(paths, load_settings().landing)
        views.show_landed(result, as_json=as_json)


@app.command()
def run(
    day: Annotated[str | None, typer.Option(help="Do this operating day again (YYYY-MM-DD).")] = None,
    first: First = None,
    last: Last = None,
    as_json: Json = False,
) -> None:
    """Take what arrived, verify and aggregate what changed. Running it again changes nothing."""
    from grid_assets.cli import views
    from grid_assets.pipeline.run import run as run_pipeline
    from grid_assets.pipeline.span import days_between

    with common.errors(), common.platform() as platform:
        days = (
            days_between(platform, common.day(day or first), common.day(day or last)) if day or first or last else None
        )
        summary = run_pipeline(platform, "cli", TerminalReporter(ERR), days)
        views.show_run(platform, summary, as_json=as_json)
    if summary.held_batches:
        raise typer.Exit(3)


@app.command()
def status(as_json: Json = False) -> None:
    """Show the tables with their sizes, what waits, what is held back, and the most telling finding."""
    from grid_assets.cli import views
    from grid_assets.pipeline.status import status as get_status

    with common.errors(), common.platform() as platform:
        views.show_status(get_status(platform), as_json=as_json)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT over the lake's tables.")],
    as_of: Annotated[str | None, typer.Option(help="Answer what was known at this time (ISO 8601).")] = None,
    as_json: Json = False,
) -> None:
    """Run read-only SQL over the lake's tables, now or as of a moment."""
    from grid_assets.cli import views
    from grid_assets.pipeline.query import query as run_query
    from grid_assets.pipeline.query import watermark

    with common.errors(), common.platform() as platform:
        moment = common.instant(as_of) if as_of else None
        rows = run_query(platform, sql, moment)
        if moment is not None and moment > (mark := watermark(platform)):
            ERR.print(f"[yellow]Answers after {mark.isoformat()} may still change.[/yellow]")
        views.show_rows(rows, as_json=as_json)


@app.command()
def release(
    batch_id: Annotated[int, typer.Argument(help="A batch that its gate holds; `grid status` lists them.")],
    as_json: Json = False,
) -> None:
    """Let a held batch's days pass to the next stage, after a person has looked at it."""
    with common.errors(), common.platform() as platform:
        days = platform.database.batches.release(batch_id)
        if as_json:
            print_json({"batch_id": batch_id, "released_days": days})
        else:
            ERR.print(f"Batch {batch_id}: {days} days released. `grid run` takes them up.")


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check every configured part and say what to do about what is wrong."""
    from grid_assets.cli import views
    from grid_assets.pipeline.doctor import examine

    with common.errors(), common.platform() as platform:
        findings = examine(platform)
        views.show_findings(findings, as_json=as_json)
    if any(finding.is_bad for finding in findings):
        raise typer.Exit(1)
