"""Scores of events against the truth that the input generator kept aside: what was found, and what was right.

`python -m tests.integration.event_scores` runs the pipeline on the shipped input in a folder of its own and writes
`docs/reference/event-scores.md`.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from grid_assets.pipeline.ingest.land import land
from grid_assets.pipeline.query import query
from grid_assets.pipeline.run import run
from resources.settings import load_settings
from resources.wiring import make_platform

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "grid_assets" / "shipped_input"
TRUTH = ROOT / "tests" / "truth" / "faults.parquet"
PAGE = ROOT / "docs" / "reference" / "event-scores.md"

HEAD = """# Scores of events

Written by `python -m tests.integration.event_scores` from a run on the shipped input, held against the seeded truth in
`tests/truth`; the tests keep floors under these numbers. An event is right where it overlaps a true episode of the
same sensor or asset; recall is over true episodes, precision over events.

- outage: of a transformer or feeder, and at a voltage sensor.
- spike: recall over readings seeded as spikes, beyond and within the rating; right are also values 1000 times too large
  without a label.
- gap: recall over seeded gaps; right are also gaps that another seeded fault made, such as quarantined rows.
- suspected_theft: days of the feeders and the transformer above the three thieves, from each one's first day on. Info
  is left out: unusual zeros may be the cause there. What is wrong are other faults that verification did not find. The
  limits of this kind were chosen with this truth in view; the others follow from ratings and rules.
"""


@dataclass(frozen=True)
class Score:
    """How many true episodes a kind of event has, how many were found, how many events there are and are right."""

    kind: str
    truth: int
    found: int
    events: int
    right: int

    @property
    def recall(self) -> float:
        """Return the share of the truth that was found; 1 where there was none."""
        return self.found / self.truth if self.truth else 1.0

    @property
    def precision(self) -> float:
        """Return the share of the events that are right; 1 where there are none."""
        return self.right / self.events if self.events else 1.0


@dataclass(frozen=True)
class Outcome:
    """What a run made, as far as events are scored by it."""

    events: pa.Table
    sensors: pa.Table
    balances: pa.Table


def outcome_of_shipped_input(home: Path) -> Outcome:
    """Run the pipeline on the shipped input in a home of its own and return what it made."""
    platform = make_platform(load_settings(home=home))
    land([SHIPPED], platform.landing)
    run(platform)
    return Outcome(*(query(platform, f"SELECT * FROM {name}") for name in ("events", "sensors", "feeder_balance")))


EPISODES = """
CREATE VIEW window_events AS SELECT * FROM events WHERE operating_day <= DATE '2016-04-14';
CREATE VIEW episodes AS
    SELECT 'outage of an area' AS kind, detail AS who, MIN(start_utc) AS started, MAX(end_utc) AS ended,
           TRUE AS is_sought
    FROM truth WHERE kind = 'outage' GROUP BY detail, start_utc
    UNION ALL
    SELECT 'outage at a sensor', sensor_id, start_utc, end_utc, TRUE
    FROM truth WHERE kind = 'outage' AND sensor_id LIKE '%.voltage'
    UNION ALL
    SELECT kind, sensor_id, start_utc, end_utc, TRUE FROM truth WHERE kind IN ('sag', 'swell', 'overload')
    UNION ALL
    SELECT 'spike', sensor_id, start_utc, end_utc, kind LIKE 'spike%'
    FROM truth WHERE kind LIKE 'spike%' OR kind = 'scale_unlabelled'
    UNION ALL
    SELECT 'gap', sensor_id, start_utc, end_utc, kind LIKE 'gap%' FROM truth WHERE sensor_id <> '';
CREATE VIEW told AS
    SELECT CASE WHEN event_type <> 'outage' THEN event_type
                WHEN asset_id IS NULL THEN 'outage at a sensor' ELSE 'outage of an area' END AS kind,
           COALESCE(sensor_id, asset_id) AS who, started_at_utc AS started, ended_at_utc AS ended
    FROM window_events WHERE event_type <> 'suspected_theft'
"""

OVERLAPS = "t.kind = e.kind AND t.who = e.who AND t.started < e.ended AND e.started < t.ended"

INTERVALS = f"""
SELECT e.kind,
       (SELECT COUNT(*) FROM episodes t WHERE t.kind = e.kind AND is_sought),
       (SELECT COUNT(*) FROM episodes t WHERE t.kind = e.kind AND is_sought
           AND EXISTS (SELECT 1 FROM told AS e WHERE {OVERLAPS})),
       COUNT(*),
       COUNT(*) FILTER (WHERE EXISTS (SELECT 1 FROM episodes AS t WHERE {OVERLAPS}))
FROM told AS e GROUP BY e.kind ORDER BY e.kind
"""

THEFT = """
WITH areas AS (
    SELECT a.kind, CASE a.kind WHEN 'feeder' THEN s.feeder_id ELSE s.transformer_id END AS id,
           MIN(CAST(timezone('Europe/Berlin', t.start_utc) AS DATE)) AS since
    FROM truth t JOIN sensors s ON s.sensor_id = t.sensor_id, (VALUES ('feeder'), ('transformer')) a(kind)
    WHERE t.kind = 'theft' GROUP BY ALL
), judged AS (
    SELECT b.operating_day >= a.since AS is_theft, e.event_id IS NOT NULL AS is_told
    FROM balances b
    LEFT JOIN areas a ON a.kind = b.asset_type AND a.id = b.asset_id
    LEFT JOIN window_events e ON e.event_type = 'suspected_theft' AND e.severity <> 'info'
     AND e.asset_type = b.asset_type AND e.asset_id = b.asset_id AND e.operating_day = b.operating_day
    WHERE b.operating_day <= DATE '2016-04-14'
)
SELECT 'suspected_theft', COUNT(*) FILTER (WHERE is_theft), COUNT(*) FILTER (WHERE is_theft AND is_told),
       COUNT(*) FILTER (WHERE is_told), COUNT(*) FILTER (WHERE is_theft AND is_told)
FROM judged
"""


def scores(outcome: Outcome) -> dict[str, Score]:
    """Return the scores of every kind of event, by kind."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name in ("events", "sensors", "balances"):
            connection.register(name, getattr(outcome, name))
        connection.read_parquet(str(TRUTH)).create_view("truth")
        connection.execute(EPISODES)
        rows = connection.execute(INTERVALS).fetchall() + connection.execute(THEFT).fetchall()
    return {row[0]: Score(*row) for row in rows}


def scores_markdown(found: dict[str, Score]) -> str:
    """Return the page of scores as Markdown text that ends with a line feed."""
    lines = "".join(
        f"| {s.kind} | {s.truth} | {s.found} | {s.recall:.2f} | {s.events} | {s.right} | {s.precision:.2f} |\n"
        for s in found.values()
    )
    header = "| kind | true episodes | found | recall | events | right | precision |\n|---|---|---|---|---|---|---|\n"
    return f"{HEAD}\n{header}{lines}"


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        text = scores_markdown(scores(outcome_of_shipped_input(Path(folder))))
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
