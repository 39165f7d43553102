"""The `grid` command: the pipeline for people and scripts, over the same functions as the Dagster assets.

Commands import what they need when they run, so that `grid --help` and `grid land` do not wait for the engine.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grid_assets.cli.output import ERR, TerminalReporter, print_error, print_json
from grid_assets.domain.errors import GridError, InputError
from resources.settings import load_settings

if TYPE_CHECKING:
    from resources.clients.platform import Platform

app = typer.Typer(
    name="grid",
    help="Meter readings into data people can trust. Everything lives under GRID_HOME (default ./.grid).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


@app.command()
def land(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders with sensors/ and readings/.")],
    as_json: Json = False,
) -> None:
    """Put files into the landing zone; nothing there is ever overwritten by other content."""
    from grid_assets.cli import views
    from grid_assets.pipeline.ingest.land import land as put

    with _errors():
        result = put(paths, load_settings().landing)
        views.show_landed(result, as_json=as_json)


@app.command()
def run(
    day: Annotated[str | None, typer.Option(help="Do this operating day again (YYYY-MM-DD).")] = None,
    first: Annotated[str | None, typer.Option("--from", help="Do the days from this one on again.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Do the days up to this one again.")] = None,
    as_json: Json = False,
) -> None:
    """Take what arrived, verify and aggregate what changed. Running it again changes nothing."""
    from grid_assets.cli import views
    from grid_assets.pipeline.run import run as run_pipeline
    from grid_assets.pipeline.span import days_between

    with _errors(), _platform() as platform:
        days = days_between(platform, _day(day or first), _day(day or last)) if day or first or last else None
        summary = run_pipeline(platform, "cli", TerminalReporter(ERR), days)
        views.show_run(platform, summary, as_json=as_json)
    if summary.held_batches:
        raise typer.Exit(3)


@app.command()
def status(as_json: Json = False) -> None:
    """Show the tables with their sizes, what waits, what is held back, and the most telling finding."""
    from grid_assets.cli import views
    from grid_assets.pipeline.status import status as get_status

    with _errors(), _platform() as platform:
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

    with _errors(), _platform() as platform:
        moment = _instant(as_of) if as_of else None
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
    with _errors(), _platform() as platform:
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

    with _errors(), _platform() as platform:
        findings = examine(platform)
        views.show_findings(findings, as_json=as_json)
    if any(finding.is_bad for finding in findings):
        raise typer.Exit(1)


@contextmanager
def _platform() -> Iterator["Platform"]:
    from resources.wiring import make_platform

    platform = make_platform(load_settings())
    try:
        yield platform
    finally:
        platform.close()


@contextmanager
def _errors() -> Iterator[None]:
    """Turn the project's own errors, and those of the machine, into one line and exit code 2.

    Anything else is a defect and shows its trace.
    """
    try:
        yield
    except (GridError, OSError) as error:
        print_error(error)
        raise typer.Exit(2) from error


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a day", "a date such as 2016-03-27") from error


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a time", "ISO 8601 such as 2016-03-27T12:00:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
