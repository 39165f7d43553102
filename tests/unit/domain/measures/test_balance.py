"""The balance closes: what goes in is consumed or lost, and only what losses do not explain is suspect."""

from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.domain.measures.world import Row, World, aggregate, sensor, whole_day

DAY = date(2016, 3, 27)
QUARTERS = 92
RATED = 20.0
PLACE = {"transformer_id": "T1", "feeder_id": "F1"}
CONSUMERS = tuple(sensor(f"C{n}.energy", **PLACE) for n in range(4))
PRODUCER = sensor("P.energy", point_type="production", **PLACE)
EXCHANGE = sensor("X.energy", point_type="exchange", feeder_id="F1", rated_max=RATED)


def _balance(seed: int, losses: float, recorded: float, scratch: Path) -> tuple[Row, list[Row], float]:
    """Aggregate a day whose every quarter loses a share of its throughput and whose first meter records a share."""
    random = Random(seed)
    used = [[round(random.uniform(0.5, 2), 4) for _ in range(QUARTERS)] for _ in CONSUMERS]
    made = [round(random.uniform(0, 3), 4) for _ in range(QUARTERS)]
    taken = [sum(meter[i] for meter in used) for i in range(QUARTERS)]
    exchange = [round(taken[i] * (1 + losses) - made[i], 4) for i in range(QUARTERS)]
    first = [round(value * recorded, 4) for value in used[0]]
    readings = [
        row for of, values in zip(CONSUMERS, [first, *used[1:]], strict=True) for row in whole_day(of, DAY, values)
    ]
    readings += whole_day(PRODUCER, DAY, made) + whole_day(EXCHANGE, DAY, exchange)
    tables = aggregate(scratch, [DAY], World((*CONSUMERS, PRODUCER, EXCHANGE), readings))
    (row,) = tables["feeder_balance"]
    return row, tables["events"], sum(taken) * losses + sum(used[0]) - sum(first)


@given(seed=st.integers(0, 2**32), losses=st.floats(0, 0.02), recorded=st.sampled_from((1.0, 0.4)))
@settings(max_examples=max(settings().max_examples // 12, 1))
def test_balance__closes_and_tells_theft_from_losses(seed: int, losses: float, recorded: float, scratch: Path) -> None:
    row, events, lost = _balance(seed, losses, recorded, scratch)
    rounding = QUARTERS * 0.0001
    assert float(str(row["loss_kwh"])) == pytest.approx(lost, abs=rounding)
    parts = [float(str(row[name])) for name in ("exchange_kwh", "production_kwh", "consumption_kwh", "loss_kwh")]
    assert parts[0] + parts[1] - parts[2] == pytest.approx(parts[3], abs=1e-9)
    assert row["meters"] == len(CONSUMERS) + 1
    assert [event["event_type"] for event in events] == ([] if recorded == 1.0 else ["suspected_theft"])


def test_balance__is_null_where_the_exchange_is_missing(scratch: Path) -> None:
    readings = whole_day(CONSUMERS[0], DAY, 1) + whole_day(EXCHANGE, DAY, [None] * QUARTERS)
    (row,) = aggregate(scratch, [DAY], World((CONSUMERS[0], EXCHANGE), readings))["feeder_balance"]
    assert (row["exchange_kwh"], row["loss_kwh"], row["loss_share"]) == (None, None, None)
    assert (row["consumption_kwh"], row["missing_intervals"]) == (QUARTERS, QUARTERS)
