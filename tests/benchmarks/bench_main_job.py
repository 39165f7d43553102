"""The whole main job against one plain DuckDB script that makes the same tables from the same files.

    make input-year && make bench            (or: python -m tests.benchmarks.bench_main_job [LANDING] [PAIRS])

Both run as processes, in turn. Start-up (imports, and opening an empty home) is shown apart. The tables that both make
are then compared row by row. Goal: 1.25 times the script's wall time and memory.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from grid_assets.domain.tables import SENSOR_DATA
from resources.clients.lake.filters import EVERYTHING
from resources.settings import load_settings
from resources.wiring import make_platform
from tests.benchmarks.measure import Measured, measure

GOAL = 1.25
YEAR = Path(".input-year/landing")
SHIPPED = Path("grid_assets/shipped_input")


def main(landing: Path, pairs: int) -> None:
    """Measure, compare the tables, and print the ratios."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        root = Path(folder)
        empty = measure(_grid("run"), {"GRID_HOME": str(root / "empty")})
        imports = measure([sys.executable, "-c", "import tests.benchmarks.plain_script"])
        print(f"start-up  grid run, nothing landed  {empty}\nstart-up  script, imports only      {imports}")
        ours, theirs = [], []
        for pair in range(pairs):
            home, out = root / f"home-{pair}", root / f"script-{pair}"
            measure(_grid("land", str(landing)), {"GRID_HOME": str(home)})
            ours.append(measure(_grid("run"), {"GRID_HOME": str(home)}))
            theirs.append(
                measure([sys.executable, "-m", "tests.benchmarks.plain_script", str(home / "landing"), str(out)])
            )
            print(f"main job  {ours[-1]}\nscript    {theirs[-1]}\nratio     {ours[-1].over(theirs[-1])}")
            if pair < pairs - 1:
                shutil.rmtree(home)
                shutil.rmtree(out)
        # In a process of its own: a child's peak of memory is counted from its parent's.
        subprocess.run([sys.executable, "-m", "tests.benchmarks.compare", str(home), str(out)], check=True)
        _late_day(home)
    walls = statistics.median(a.wall_seconds / b.wall_seconds for a, b in zip(ours, theirs, strict=True))
    memory = statistics.median(a.peak_megabytes / b.peak_megabytes for a, b in zip(ours, theirs, strict=True))
    print(f"median of {pairs}: wall {walls:.2f}x, memory {memory:.2f}x; goal {GOAL}x")


def _late_day(home: Path) -> None:
    """Measure one late day with everything stored, and with the last month alone."""
    platform = make_platform(load_settings(home=home))
    days = sorted({f.operating_day for f in platform.lake.plan(SENSOR_DATA, EVERYTHING) if f.operating_day})
    day = days[-3]
    with tempfile.TemporaryDirectory(prefix="bench-month-") as folder:
        month = Path(folder)
        measure(_grid("land", str(_month_of(home, month, days[-33]))), {"GRID_HOME": str(month / "home")})
        measure(_grid("run"), {"GRID_HOME": str(month / "home")})
        late = _late_file(home, month, day)
        figures: list[Measured] = []
        for target in (home, month / "home"):
            measure(_grid("land", str(late)), {"GRID_HOME": str(target)})
            figures.append(measure(_grid("run"), {"GRID_HOME": str(target)}))
        print(f"late day, {len(days)} days stored  {figures[0]}\nlate day, one month stored   {figures[1]}")
        print(f"ratio     {figures[0].over(figures[1])}; goal 1.5x")


def _month_of(home: Path, month: Path, first: object) -> Path:
    """Write the stored readings from a day on, and the catalogue, as a landing folder."""
    platform = make_platform(load_settings(home=home))
    (month / "in" / "readings").mkdir(parents=True)
    shutil.copytree(home / "landing" / "sensors", month / "in" / "sensors")
    with platform.engine.session() as session:
        session.scan("received", platform.lake.scan(SENSOR_DATA))
        session.connection.execute(
            f"COPY (SELECT sensor_id, interval_start_utc AS timestamp, value, unit, quality, channel, interval_minutes "
            f"FROM received WHERE operating_day >= '{first}' ORDER BY batch_id, source_file, source_row) "
            f"TO '{month}/in/readings/0001_month.parquet'"
        )
    return month / "in"


def _late_file(home: Path, month: Path, day: object) -> Path:
    """Write corrected readings of some sensors on one day."""
    platform = make_platform(load_settings(home=home))
    target = month / "late" / "readings" / "9999_late.csv"
    target.parent.mkdir(parents=True)
    with platform.engine.session() as session:
        session.scan("received", platform.lake.scan(SENSOR_DATA))
        session.connection.execute(
            f"COPY (SELECT DISTINCT ON (sensor_id, interval_start_utc) sensor_id, "
            f"strftime(interval_start_utc, '%Y-%m-%dT%H:%M:%SZ') AS timestamp, ROUND(value * 1.01, 4) AS value, unit, "
            f"'revised' AS quality FROM received WHERE operating_day = '{day}' AND sensor_type = 'energy') "
            f"TO '{target}' (HEADER)"
        )
    return target.parent.parent


def _grid(*words: str) -> list[str]:
    return [sys.executable, "-m", "grid_assets.cli", *words]


if __name__ == "__main__":
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else (YEAR if YEAR.exists() else SHIPPED)
    print(f"input: {given}" + ("" if given == YEAR else "; `make input-year` builds the full year"))
    main(given, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
