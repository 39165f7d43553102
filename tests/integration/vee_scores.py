"""Scores of verdicts and estimates against the truth that the input generator kept aside.

`python -m tests.integration.vee_scores` ingests and verifies the shipped input in a folder of its own and writes
`docs/reference/scores.md`.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from grid_assets.domain.vee.rules import RULES
from grid_assets.domain.vee.thresholds import RULE_VERSION
from grid_assets.pipeline.ingest.land import land
from grid_assets.pipeline.query import query
from grid_assets.pipeline.reporter import Silent
from grid_assets.pipeline.run import take
from grid_assets.pipeline.verify_stage import verify
from resources.settings import load_settings
from resources.wiring import make_platform

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "grid_assets" / "shipped_input"
TRUTH = ROOT / "tests" / "truth"
PAGE = ROOT / "docs" / "reference" / "scores.md"

GAPS = [
    "gap_short",
    "gap_long",
    "gap_slow",
    "gap_register",
    "missing_hour",
    "repeated_hour_incomplete",
    "repeated_hour_lost",
]
MALFORMED = [
    "ragged_short",
    "ragged_long",
    "text_value",
    "empty_id",
    "nan",
    "infinity",
    "bad_date",
    "far_date",
    "broken_json",
    "missing_key",
    "null_value",
]
OFF_CLOCK = ["off_clock_seconds", "off_clock_minutes"]
SPIKES = ["spike_beyond_rating", "spike_within_rating"]
SOUGHT: dict[str, list[str]] = {
    "V01": [],
    "V02": [*GAPS, *MALFORMED],
    "V03": [],
    "V04": ["spike_within_rating"],
    "V05": ["spike_beyond_rating", "scale_unlabelled"],
    "V06": [],
    "V07": ["negative"],
    "V08": ["zero_run"],
    "V09": ["stuck"],
    "V10": ["register_reset", "meter_swap", "register_contradicts"],
    "V11": ["unit_convertible", "unit_inconvertible"],
    "V12": ["unknown_sensor"],
    "V13": OFF_CLOCK,
    "V14": ["missing_hour", "repeated_hour_incomplete", "repeated_hour_lost"],
    "V15": ["sag", "swell", "outage"],
    "V16": [],
}
"""Rule -> the kinds of fault that it is there to find."""
ALSO_RIGHT: dict[str, list[str]] = {
    "V04": ["spike_beyond_rating"],
    "V05": ["negative"],
    "V06": [*SPIKES, "scale_unlabelled"],
    "V08": ["outage"],
    "V11": ["espi"],
}
"""Rule -> kinds that it may fire on as well without being wrong."""

HEAD = f"""# Scores of rules and estimates

Written by `python -m tests.integration.vee_scores` from a run on the shipped input (rule set {RULE_VERSION}), held
against the seeded truth in `tests/truth`; the tests keep floors under these numbers. Thresholds were chosen with this
truth in view, so on other input expect somewhat less.

## Rules

Counted in readings; for V12 in rows. Recall is over the readings of the kinds of fault that a rule is there to find,
precision over what it fired on, where kinds that it may also notice count as right. Where recall is below 1:

- V04: peaks of sensors whose own peaks are as high, and peaks at the edge of a day.
- V08: a day is verified without the next one, so the part of a run of zeros before midnight counts only by itself
  (shorter than four hours: unseen); and the first days have no history.
- V09: likewise, with six hours.
- V10 counts days on which a meter's received intervals and its register contradict each other.
- V01, V03, V06 and V16 have no kind of fault of their own in the shipped input; scenarios show them.

| rule | name | to find | found | recall | fired | right | precision |
|---|---|---|---|---|---|---|---|
"""
ESTIMATES_HEAD = """
## Estimates

Against the true value of every reading that was missing or spoilt. WAPE: sum of absolute errors over sum of absolute
true values. MAE: mean absolute error, in the sensor's unit. Weather moves production from day to day, and no like
day knows the weather.

| sensor type | point | method | readings | WAPE | MAE |
|---|---|---|---|---|---|
"""
USE_HEAD = """
## What verification gains

Sum of absolute errors against the truth over the energy readings that were received wrong, in kWh: of the values as
received, and of the verified ones. Zeros are kept and flagged (V08) where no register disproves them, because a meter
alone cannot tell an empty house from a fault; a kW label makes a right value unusable.

| fault | readings | error as received | error as verified |
|---|---|---|---|
"""


@dataclass(frozen=True)
class RuleScore:
    """How many readings a rule should find, how many of them it found, how many it fired on, and rightly."""

    rule: str
    sought: int
    found: int
    fired: int
    right: int

    @property
    def recall(self) -> float:
        """Return the share of the truth that was found; 1 where there was none."""
        return self.found / self.sought if self.sought else 1.0

    @property
    def precision(self) -> float:
        """Return the share of what the rule fired on that is right; 1 where it did not fire."""
        return self.right / self.fired if self.fired else 1.0


@dataclass(frozen=True)
class MethodScore:
    """The error of one method of estimation for one kind of sensor, against the true values."""

    sensor_type: str
    point_type: str
    method: str
    readings: int
    wape: float | None
    mae: float


@dataclass(frozen=True)
class Scores:
    """All scores of one run."""

    rules: dict[str, RuleScore]
    methods: dict[tuple[str, str, str], MethodScore]
    gains: tuple[tuple[str, int, float, float], ...]


WANTED = {
    "verified": """
        SELECT sensor_id, sensor_type, meter_id, interval_start_utc, operating_day, value, raw_value, quality, rule_ids,
               estimation_method
        FROM meter_readings""",
    "places": "SELECT sensor_id, point_type FROM sensors",
    "quarantine": "SELECT source_file, source_row, reason FROM quarantine",
    "heard": """
        SELECT sensor_id, operating_day, MAX(CASE WHEN source_file LIKE '%espi%' THEN 1 ELSE 0 END) = 1 AS is_espi
        FROM sensor_data GROUP BY sensor_id, operating_day""",
}
"""What of a run is scored. A sensor that sent nothing on a day after the shipped window has no seeded fault there."""

SLOTS = """
CREATE TABLE slots AS
    SELECT v.*, p.point_type, COALESCE(h.is_espi, FALSE) AS is_espi, t.true_value,
           e.sensor_id IS NOT NULL AS is_of_theft
    FROM verified AS v
    JOIN places AS p USING (sensor_id)
    LEFT JOIN heard AS h USING (sensor_id, operating_day)
    LEFT JOIN true_values AS t USING (sensor_id, interval_start_utc)
    LEFT JOIN (SELECT DISTINCT sensor_id FROM faults WHERE kind = 'theft') AS e USING (sensor_id)
    WHERE v.operating_day <= DATE '2016-04-14' OR h.sensor_id IS NOT NULL;
CREATE TABLE seeded AS
    SELECT DISTINCT f.kind, s.sensor_id, s.interval_start_utc
    FROM faults AS f JOIN slots AS s ON s.sensor_id = f.sensor_id
     AND s.interval_start_utc >= f.start_utc AND s.interval_start_utc < f.end_utc
    WHERE f.kind <> 'outage' OR s.sensor_type = 'voltage' OR s.rule_ids LIKE '%V08%'
    UNION ALL
    SELECT 'espi', sensor_id, interval_start_utc FROM slots WHERE is_espi
"""
# Days on which what was kept of a meter's intervals is off by more than the tolerance, and both registers came.
CONTRADICTIONS = """
INSERT INTO seeded
    WITH sums AS (
        SELECT meter_id, operating_day, SUM(value) AS energy,
               SUM(CASE WHEN NOT is_of_theft THEN value - true_value END) AS error,
               SUM(CASE WHEN quality IN ('estimated', 'missing') THEN 1 ELSE 0 END) AS estimates
        FROM slots WHERE sensor_type = 'energy' GROUP BY meter_id, operating_day
    ), registers AS (
        SELECT r.sensor_id, r.interval_start_utc, r.meter_id, r.operating_day
        FROM slots AS r JOIN slots AS b ON b.sensor_id = r.sensor_id AND b.operating_day = r.operating_day - 1
        WHERE r.sensor_type = 'register' AND r.raw_value IS NOT NULL AND b.raw_value IS NOT NULL
    )
    SELECT 'register_contradicts', r.sensor_id, r.interval_start_utc
    FROM registers AS r JOIN sums AS s USING (meter_id, operating_day)
    WHERE s.estimates = 0 AND ABS(s.error) > GREATEST(0.05, 0.005 * (s.energy - s.error))
"""

RULE = """
WITH fired AS (SELECT sensor_id, interval_start_utc FROM slots WHERE rule_ids LIKE $1),
     sought AS (SELECT DISTINCT sensor_id, interval_start_utc FROM seeded WHERE list_contains($2, kind)),
     rightly AS (SELECT DISTINCT sensor_id, interval_start_utc FROM seeded WHERE list_contains($3, kind))
SELECT (SELECT COUNT(*) FROM sought), (SELECT COUNT(*) FROM sought JOIN fired USING (sensor_id, interval_start_utc)),
       (SELECT COUNT(*) FROM fired), (SELECT COUNT(*) FROM rightly JOIN fired USING (sensor_id, interval_start_utc))
"""

STRANGERS = """
WITH sought AS (SELECT source_file, source_row FROM faults WHERE kind = 'unknown_sensor'),
     fired AS (SELECT source_file, source_row FROM quarantine WHERE reason = 'unknown_sensor')
SELECT (SELECT COUNT(*) FROM sought), (SELECT COUNT(*) FROM sought JOIN fired USING (source_file, source_row)),
       (SELECT COUNT(*) FROM fired), (SELECT COUNT(*) FROM sought JOIN fired USING (source_file, source_row))
"""

METHODS = """
SELECT sensor_type, point_type, estimation_method, COUNT(*),
       SUM(ABS(value - true_value)) / NULLIF(SUM(ABS(true_value)), 0), AVG(ABS(value - true_value))
FROM slots
WHERE quality = 'estimated' AND estimation_method <> 'received' AND true_value IS NOT NULL AND NOT is_of_theft
GROUP BY ALL ORDER BY ALL
"""

GAINS = """
SELECT f.kind, COUNT(*), SUM(ABS(s.raw_value - s.true_value)), SUM(ABS(s.value - s.true_value))
FROM slots AS s JOIN seeded AS f USING (sensor_id, interval_start_utc)
WHERE s.sensor_type = 'energy' AND s.raw_value IS NOT NULL AND s.value IS NOT NULL AND s.true_value IS NOT NULL
  AND f.kind NOT IN ('theft', 'espi', 'off_clock_seconds', 'off_clock_minutes')
GROUP BY f.kind ORDER BY f.kind
"""


def tables_of_shipped_input(home: Path) -> dict[str, pa.Table]:
    """Ingest and verify the shipped input in a home of its own; return what scores are made from."""
    platform = make_platform(load_settings(home=home))
    land([SHIPPED], platform.landing)
    take(platform, "tests", Silent())
    verify(platform, "tests", Silent())
    return {name: query(platform, sql) for name, sql in WANTED.items()}


def scores(tables: dict[str, pa.Table]) -> Scores:
    """Return the scores of a run's tables against the truth."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, table in tables.items():
            connection.register(name, table)
        for name in ("faults", "true_values"):
            connection.read_parquet(str(TRUTH / f"{name}.parquet")).create_view(name)
        connection.execute(SLOTS)
        connection.execute(CONTRADICTIONS)
        rules = {rule.id: _rule_score(connection, rule.id) for rule in RULES}
        methods = [MethodScore(*row) for row in connection.execute(METHODS).fetchall()]
        gains = tuple(connection.execute(GAINS).fetchall())
    return Scores(rules, {(m.sensor_type, m.point_type, m.method): m for m in methods}, gains)


def _rule_score(connection: duckdb.DuckDBPyConnection, rule: str) -> RuleScore:
    if rule == "V12":
        return RuleScore(rule, *connection.execute(STRANGERS).fetchall()[0])
    rightly = SOUGHT[rule] + ALSO_RIGHT.get(rule, [])
    return RuleScore(rule, *connection.execute(RULE, [f"%{rule}%", SOUGHT[rule], rightly]).fetchall()[0])


def scores_markdown(found: Scores) -> str:
    """Return the page of scores as Markdown text that ends with a line feed."""
    titles = {rule.id: rule.name for rule in RULES}
    rules = "".join(
        f"| {s.rule} | {titles[s.rule]} | {s.sought} | {s.found} | {_share(s.recall if s.sought else None)} "
        f"| {s.fired} | {s.right} | {_share(s.precision if s.sought and s.fired else None)} |\n"
        for s in found.rules.values()
    )
    methods = "".join(
        f"| {m.sensor_type} | {m.point_type} | {m.method} | {m.readings} | {_share(m.wape)} | {m.mae:.3f} |\n"
        for m in found.methods.values()
    )
    gains = "".join(f"| {kind} | {n} | {before:.0f} | {after:.0f} |\n" for kind, n, before, after in found.gains)
    return f"{HEAD}{rules}{ESTIMATES_HEAD}{methods}{USE_HEAD}{gains}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        text = scores_markdown(scores(tables_of_shipped_input(Path(folder))))
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
