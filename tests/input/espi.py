"""Green Button (NAESB ESPI) atom feeds: a usage point with its meter reading, reading type and interval block.

The sensor's id is the title of the UsagePoint entry. Values are whole tenths of a Wh (uom 72, multiplier -1).
"""

import uuid
from typing import Final
from xml.sax.saxutils import escape

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tests.input.forms import TEXT_VALUES
from tests.input.readings import FORMS, Readings
from tests.input.sensors import Sensor

UPDATED: Final = "2016-12-31T00:00:00Z"
TENTHS_PER_KWH: Final = 10_000
SPACE: Final = uuid.UUID("6c6f6164-2063-4572-9665-2067726964d1")
FORWARD, REVERSE = 1, 19
"""ESPI flow directions: delivered to the customer, received from the customer."""


def feed(readings: Readings, sensors: list[Sensor], title: str) -> bytes:
    """Atom feed of ``readings``, which must be ordered by sensor and time. Lost readings must be gone already."""
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<id>{_urn(title)}</id>",
        f"<title>{escape(title)}</title>",
        f"<updated>{UPDATED}</updated>",
        '<link rel="self" href="espi/1_1/resource/Batch"/>',
    ]
    for number, index in enumerate(np.unique(readings.sensor), 1):
        own = readings.take(readings.sensor == index)
        parts += _usage_point(own, sensors[int(index)], number)
    return ("\n".join([*parts, "</feed>"]) + "\n").encode()


def _usage_point(readings: Readings, sensor: Sensor, number: int) -> list[str]:
    base = f"espi/1_1/resource/UsagePoint/{number}"
    reading = f"{base}/MeterReading/1"
    kind = f"espi/1_1/resource/ReadingType/{number}"
    links = {"self": base, "related": f"{base}/MeterReading"}
    return [
        *_entry(sensor.sensor_id, links, _content("UsagePoint", "<ServiceCategory><kind>0</kind></ServiceCategory>")),
        *_entry("Interval energy", {"self": reading, "related": kind}, _content("MeterReading", "")),
        *_entry("Type of reading", {"self": kind}, _content("ReadingType", _reading_type(sensor))),
        *_entry("", {"self": f"{reading}/IntervalBlock/1", "up": f"{reading}/IntervalBlock"}, _block(readings, sensor)),
    ]


def _reading_type(sensor: Sensor) -> str:
    values = {
        "accumulationBehaviour": 4,
        "commodity": 1,
        "dataQualifier": 12,
        "flowDirection": FORWARD if sensor.point_type == "consumption" else REVERSE,
        "intervalLength": sensor.interval_minutes * 60,
        "kind": 12,
        "phase": 769,
        "powerOfTenMultiplier": -1,
        "timeAttribute": 0,
        "uom": 72,
    }
    return "".join(f"<{name}>{value}</{name}>" for name, value in values.items())


def _block(readings: Readings, sensor: Sensor) -> str:
    seconds = sensor.interval_minutes * 60
    first, last = int(readings.start.min()) // 1_000_000, int(readings.start.max()) // 1_000_000 + seconds
    interval = f"<interval><duration>{last - first}</duration><start>{first}</start></interval>"
    lines = pc.binary_join_element_wise(
        f"<IntervalReading><timePeriod><duration>{seconds}</duration><start>",
        pc.cast(pa.array(readings.stamp // 1_000_000), pa.string()),
        "</start></timePeriod><value>",
        _values(readings),
        "</value></IntervalReading>",
        "",
    )
    return _content("IntervalBlock", interval + "\n" + "\n".join(lines.to_pylist()) + "\n")


def _values(readings: Readings) -> pa.Array:
    whole = np.round(readings.value * TENTHS_PER_KWH).astype(np.int64)
    spoilt = pa.array(TEXT_VALUES).take(pa.array(np.arange(len(readings)) % len(TEXT_VALUES)))
    return pc.if_else(pa.array(readings.form == FORMS["text_value"]), spoilt, pc.cast(pa.array(whole), pa.string()))


def _content(name: str, inner: str) -> str:
    return f'<content type="text/xml"><{name} xmlns="http://naesb.org/espi">{inner}</{name}></content>'


def _entry(title: str, links: dict[str, str], content: str) -> list[str]:
    return [
        "<entry>",
        f"<id>{_urn(links['self'])}</id>",
        *[f'<link rel="{rel}" href="{href}"/>' for rel, href in links.items()],
        f"<title>{escape(title)}</title>",
        content,
        f"<published>{UPDATED}</published>",
        f"<updated>{UPDATED}</updated>",
        "</entry>",
    ]


def _urn(name: str) -> str:
    return f"urn:uuid:{uuid.uuid5(SPACE, name)}"
