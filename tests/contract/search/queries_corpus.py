"""What the conformance of queries searches: a few hundred documents of each kind, with every awkward value we know of.

The corpus is the same each time. It has ids that are no words, values that repeat and that are missing, places on a
grid (so that other places share each coordinate), at the equator, at both poles and on both sides of 180 degrees.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from grid_assets.domain.search.documents import document_kinds
from grid_assets.domain.search.fields import DocumentKind
from resources.clients.search.base import DOCUMENTS, NO_DAY, WITHDRAWN, SearchEngine

Fields = dict[str, Any]
MakeEngine = Callable[[Path, tuple[DocumentKind, ...]], SearchEngine]
KINDS = {kind.name: kind for kind in document_kinds("hour")}
NOW = datetime(2016, 4, 1, tzinfo=UTC)
REGIONS = ("Nord", "Süd", "São Paulo", "Mitte-West")
PLACES = (
    *((round(50 + row / 10, 1), round(8 + column / 10, 1)) for row in range(6) for column in range(6)),
    *((0.0, 0.0), (-0.0, 0.1), (0.1, -0.0), (0.0, 180.0), (0.0, -180.0), (0.5, 179.9), (-0.5, -179.9)),
    *((90.0, 0.0), (89.9, 120.0), (-90.0, 7.0), (-89.8, -60.0), (52.5, 13.4)),
)
ODD_IDS = (
    'A "quoted" one',
    "*",
    "*star",
    "[box]",
    "a b",
    "a  b",
    "(x)",
    "{y}",
    "TO",
    "Ünit/7",
    "\\back",
    "x:y",
    "電力",
)
TYPES = (("energy", "kWh"), ("voltage", "V"), ("power", "kW"), ("temperature", "degC"))
VALUES = (0.0, -0.0, 1.0, 1.0, 2.5, -3.75, 230.0, 229.99999999999997, 1e-300, 1e300, None, None)


@dataclass(frozen=True)
class Document:
    """One document as it should be found."""

    id: str
    day: date
    fields: Fields


@cache
def corpus() -> dict[str, tuple[Document, ...]]:
    """Return the documents of each kind that can be found."""
    sensors = _sensors(random.Random(4))
    return {
        "sensors": tuple(Document(each["sensor_id"], NO_DAY, each) for each in sensors),
        "readings": tuple(_readings(sensors, random.Random(5))),
        "events": tuple(_events(sensors, random.Random(6))),
    }


def filled(make: MakeEngine, folder: Path) -> SearchEngine:
    """Return an engine with a live index of each kind: in parts loaded, written over, and removed."""
    engine = make(folder, tuple(KINDS.values()))
    for kind, documents in corpus().items():
        gone = [_but(each, id=f"gone-{each.id}") for each in documents[:9]]
        old = [
            _but(each, fields={**each.fields, "description": "outdated", "message": "outdated"}) for each in documents
        ]
        index = engine.create(kind, NOW)
        engine.load(kind, index, [_batch(old[::2], 1), _batch(gone, 1)])
        engine.finish(kind, index)
        engine.promote(kind, index)
        ids = pa.array([each.id for each in gone[:5]])
        engine.apply(kind, index, _table(documents, 2), pa.table([ids, [2] * 5], schema=WITHDRAWN))
        ids = pa.array([each.id for each in gone[5:]])
        engine.apply(kind, index, DOCUMENTS.empty_table(), pa.table([ids, [3] * 4], schema=WITHDRAWN))
    return engine


def _but(document: Document, **changes: Any) -> Document:  # noqa: ANN401 - any field
    return Document(**{**document.__dict__, **changes})


def _batch(documents: list[Document], version: int) -> pa.RecordBatch:
    return _table(documents, version).combine_chunks().to_batches()[0]


def _table(documents: "list[Document] | tuple[Document, ...]", version: int) -> pa.Table:
    rows = [
        {"id": each.id, "operating_day": each.day, "version": version, "source": json.dumps(each.fields)}
        for each in documents
    ]
    return pa.Table.from_pylist(rows, schema=DOCUMENTS)


def _sensors(chance: random.Random) -> list[Fields]:
    named = [f"LV-L{load:03d}.{kind}" for load in range(1, 51) for kind, _ in TYPES]
    return [_sensor(name, number, chance) for number, name in enumerate([*named, *ODD_IDS])]


def _sensor(name: str, number: int, chance: random.Random) -> Fields:
    kind, unit = TYPES[number % len(TYPES)]
    place = chance.choice(PLACES) if number % 11 else (None, None)
    feeder = f"LV-F{number % 9 + 1:02d}"
    fields = {
        "sensor_id": name,
        "sensor_type": kind,
        "unit": unit,
        "meter_id": name.rsplit(".", 1)[0],
        "feeder_id": feeder if number % 13 else None,
        "transformer_id": f"MV-T{number % 4 + 1}",
        "region": chance.choice(REGIONS),
        "latitude": place[0],
        "longitude": place[1],
        "interval_minutes": chance.choice((15, 15, 60, 1440)),
        "rated_max": chance.choice(VALUES),
        "point_type": chance.choice(("consumption", "production")),
        "valid_from_utc": "2015-12-31T23:00:00Z" if number % 3 else None,
        "description": f"{kind.capitalize()} of a household at {feeder}, Müßiggang street {number % 7}",
        "latest_value": chance.choice(VALUES),
        "latest_start_utc": _text(NOW - timedelta(hours=chance.randrange(48))) if number % 5 else None,
    }
    return _present(fields)


def _readings(sensors: list[Fields], chance: random.Random) -> list[Document]:
    first = datetime(2016, 3, 25, 23, tzinfo=UTC)
    return [
        _reading(sensor, first + timedelta(hours=hour), chance)
        for hour in range(140)
        for sensor in chance.sample(sensors[::7], 3)
    ]


def _reading(sensor: Fields, start: datetime, chance: random.Random) -> Document:
    value = chance.choice(VALUES)
    qualities = sorted(chance.sample(("measured", "estimated", "edited", "missing"), chance.choice((1, 1, 2))))
    day = (start + timedelta(hours=1 if start < datetime(2016, 3, 27, 1, tzinfo=UTC) else 2)).date()
    own = (
        "sensor_id",
        "sensor_type",
        "unit",
        "meter_id",
        "feeder_id",
        "region",
        "latitude",
        "longitude",
        "description",
    )
    fields = {
        **{name: sensor.get(name) for name in own},
        "period_start_utc": _text(start),
        "minutes": 60,
        "operating_day": day.isoformat(),
        "value": value,
        "min_value": value,
        "quality": qualities,
        "intervals": chance.choice((1, 4)),
        "rule_ids": sorted(chance.sample(("VAL_SPIKE", "VAL_GAP", "VAL_RANGE"), 2)) if chance.random() < 0.3 else None,
        "reason": chance.choice((None, None, "spike replaced by the like-day average", "gap of an hour interpolated")),
    }
    return Document(f"{sensor['sensor_id']}|{_text(start)}", day, _present(fields))


def _events(sensors: list[Fields], chance: random.Random) -> list[Document]:
    kinds = ("outage", "voltage_sag", "overload", "suspected_theft", "data_gap")
    texts = {
        "outage": "No power at the feeder after a thunderstorm",
        "voltage_sag": "Voltage below ninety percent of nominal",
        "overload": "Transformer loaded above its rating",
        "suspected_theft": "Consumption far below the feeder's balance",
        "data_gap": "No readings were received",
    }
    made = []
    for number in range(260):
        sensor, kind = chance.choice(sensors), chance.choice(kinds)
        start = datetime(2016, 3, 26, tzinfo=UTC) + timedelta(minutes=15 * chance.randrange(500))
        is_asset = number % 4 == 0
        fields = {
            "event_id": f"{kind[:3]}{number:04x}",
            "event_type": kind,
            "severity": chance.choice(("info", "warning", "critical")),
            "sensor_id": None if is_asset else sensor["sensor_id"],
            "asset_type": "transformer" if is_asset else None,
            "asset_id": sensor["transformer_id"] if is_asset else None,
            "started_at_utc": _text(start),
            "ended_at_utc": _text(start + timedelta(hours=1)) if number % 6 else None,
            "value": chance.choice(VALUES),
            "limit_value": 207.0,
            "unit": sensor["unit"],
            "place": f"{sensor['region']}, {sensor.get('feeder_id', 'no feeder')}, {sensor['transformer_id']}",
            "message": texts[kind],
            "operating_day": start.date().isoformat(),
            "latitude": sensor.get("latitude"),
            "longitude": sensor.get("longitude"),
        }
        made.append(Document(fields["event_id"], start.date(), _present(fields)))
    return made


def _present(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
