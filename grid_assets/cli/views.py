"""What each command shows: the same facts as tables for people or as JSON for scripts."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from grid_assets.cli.output import OUT, print_json, print_table

if TYPE_CHECKING:
    import pyarrow as pa

    from grid_assets.pipeline.doctor import Finding
    from grid_assets.pipeline.ingest.land import LandingResult
    from grid_assets.pipeline.run import RunSummary
    from grid_assets.pipeline.status import Status
    from resources.clients.platform import Platform

MOST_ROWS = 200
"""Rows that a table for people shows; JSON has all of them."""
STATE_STYLES = {"ok": "green", "warning": "yellow", "bad": "red"}
NEXT_STEPS = (
    ('{grid} query "SELECT * FROM load_daily LIMIT 5"', "read-only SQL over every table, also --as-of TIME"),
    ("{grid} search theft --in events", "find sensors, readings and events by words"),
    ("make ui", "the asset graph, checks and plots in Dagster"),
    ("make notebook", "load curves, quality and findings over the Parquet lake"),
    ("{grid} status", "sizes, what waits, what is held back"),
)


def show_landed(result: LandingResult, *, as_json: bool) -> None:
    """Show what was put into the landing zone."""
    if as_json:
        print_json(result.__dict__)
        return
    OUT.print(
        f"{len(result.landed)} files landed, {len(result.kept)} were there already, in {result.landing_root}",
        markup=False,
    )
    if result.passed_over:
        OUT.print(f"Passed over as no data: {', '.join(result.passed_over)}", markup=False)


def show_run(platform: Platform, summary: RunSummary, *, as_json: bool) -> None:
    """Show what a run did, and where to look next."""
    if as_json:
        print_json(summary.as_dict())
        return
    print_table(
        "This run",
        ("received", "stored", "duplicate", "quarantined", "estimated", "edited", "days", "files"),
        [
            (
                summary.received,
                summary.stored,
                summary.duplicate,
                summary.quarantined,
                summary.estimated,
                summary.edited,
                summary.days,
                summary.files,
            )
        ],
    )
    for batch_id, how in summary.repaired_batches:
        OUT.print(f"Batch {batch_id}, left open by a run that died, was {how}.")
    if summary.written:
        OUT.print(f"{summary.written:,} readings of the API landed.")
    if served := [f"{count:,} {what}" for what, count in summary.copies.items() if count]:
        OUT.print("Served: " + ", ".join(served), markup=False)
    for stage, why in summary.delayed.items():
        OUT.print(Text(f"Delayed: {stage}; its days wait for the next run.", style="yellow"), Text(why))
    from grid_assets.pipeline.status import status

    state = status(platform)
    _show_tables(state)
    _show_held(state)
    steps = [(command.format(grid=_program()), what) for command, what in NEXT_STEPS]
    print_table("What to do next", ("command", "what it shows"), steps)


def _program() -> str:
    """Return how this command is called here: by its name where that is found, else by its path."""
    if shutil.which("grid"):
        return "grid"
    path = Path(sys.argv[0])
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def show_status(state: Status, *, as_json: bool) -> None:
    """Show the state of the home."""
    if as_json:
        print_json(state.as_dict())
        return
    print_table("Rows of all landing files", tuple(state.rows), [tuple(state.rows.values())])
    _show_tables(state)
    if state.quarantine:
        print_table("Quarantine", ("reason", "rows"), [(q["reason"], q["rows"]) for q in state.quarantine])
    print_table("Copies", ("part", "holds"), [(copy.part, copy.said) for copy in state.copies])
    waiting = ", ".join(f"{days} days for {stage}" for stage, days in state.pending_days.items() if days)
    OUT.print(f"Waiting: {waiting or 'nothing'}. Open batches: {state.open_batches}.")
    _show_held(state)


def show_rows(rows: pa.Table, *, as_json: bool) -> None:
    """Show a query's rows."""
    if as_json:
        print_json(rows.to_pylist())
        return
    shown = rows.slice(0, MOST_ROWS)
    print_table("", rows.column_names, [tuple(row.values()) for row in shown.to_pylist()])
    if rows.num_rows > MOST_ROWS:
        OUT.print(f"{MOST_ROWS} of {rows.num_rows:,} rows shown; --json prints all of them")


def show_findings(findings: Sequence[Finding], *, as_json: bool) -> None:
    """Show what the doctor found."""
    if as_json:
        print_json([finding.__dict__ for finding in findings])
        return
    marks = {state: Text(state, style=style) for state, style in STATE_STYLES.items()}
    print_table(
        "", ("part", "state", "found", "what to do"), [(f.part, marks[f.state], f.found, f.action) for f in findings]
    )


def _show_tables(state: Status) -> None:
    filled = [table for table in state.tables if table.rows]
    print_table(
        "Tables of the lake",
        ("table", "rows", "files", "MB", "snapshots"),
        [(t.name, t.rows, t.files, t.megabytes, t.snapshots) for t in filled],
    )
    if state.finding:
        OUT.print(Text("Finding:", style="bold"), Text(state.finding))


def _show_held(state: Status) -> None:
    for batch in state.held_batches:
        broken = ", ".join(f"{g['rule']} {g['metric']} = {g['value']}" for g in batch["gate"] if not g["passed"])
        OUT.print(
            f"[red]Held:[/red] {batch['stage']} batch {batch['batch_id']} ({broken}); `grid release` lets it pass"
        )
