"""Green Button feeds: links, units, powers of ten, durations, qualities, and feeds that are refused."""

import pytest

from grid_assets.domain.ingest_reasons import Reason
from tests.unit.pipeline.ingest.world import World, utc

START = 1451606400
USAGE = "resource/UsagePoint/1"
METER = f"{USAGE}/MeterReading/1"


def _entry(links: str, title: str, content: str) -> str:
    return f"<entry>{links}<title>{title}</title><content>{content}</content></entry>"


def _link(rel: str, href: str) -> str:
    return f'<link rel="{rel}" href="{href}"/>'


def _espi(name: str, inner: str) -> str:
    return f'<{name} xmlns="http://naesb.org/espi">{inner}</{name}>'


POINT = _entry(_link("self", USAGE) + _link("related", f"{USAGE}/MeterReading"), "a", _espi("UsagePoint", ""))
READING = _entry(
    _link("self", METER)
    + _link("up", f"{USAGE}/MeterReading")
    + _link("related", f"{METER}/IntervalBlock")
    + _link("related", "resource/ReadingType/1"),
    "Energy",
    _espi("MeterReading", ""),
)


def _kind(uom: str = "72", exponent: str = "0", length: str = "900") -> str:
    power = f"<powerOfTenMultiplier>{exponent}</powerOfTenMultiplier>"
    facts = f"<intervalLength>{length}</intervalLength>{power}<uom>{uom}</uom>"
    return _entry(_link("self", "resource/ReadingType/1"), "", _espi("ReadingType", facts))


def _reading(
    start: object = START, value: object = 1500, duration: object = 900, qualities: tuple[object, ...] = ()
) -> str:
    codes = "".join(f"<ReadingQuality><quality>{code}</quality></ReadingQuality>" for code in qualities)
    return (
        f"<IntervalReading>{codes}<timePeriod><duration>{duration}</duration><start>{start}</start></timePeriod>"
        f"<value>{value}</value></IntervalReading>"
    )


def _block(*readings: str, up: str = f"{METER}/IntervalBlock") -> str:
    return _entry(_link("self", f"{up}/1") + _link("up", up), "", _espi("IntervalBlock", "".join(readings)))


def _feed(*entries: str) -> str:
    return f'<?xml version="1.0"?>\n<feed xmlns="http://www.w3.org/2005/Atom">{"".join(entries)}</feed>'


def test_espi__reads_what_a_feed_says(ingest: World) -> None:
    ingest.land("feed.xml.gz", _feed(POINT, READING, _kind(), _block(_reading(), _reading(START + 900, 250))))
    columns = "sensor_id, interval_start_utc, value, unit, interval_minutes, quality, source_row"
    assert ingest.accepted(columns) == [
        ("a", utc("2016-01-01T00:00"), 1500.0, "Wh", 15, "measured", 1),
        ("a", utc("2016-01-01T00:15"), 250.0, "Wh", 15, "measured", 2),
    ]


def test_espi__entries_in_any_order_and_several_blocks(ingest: World) -> None:
    first, second = _block(_reading(value=1)), _block(_reading(START + 900, 2), _reading(START + 1800, 3))
    ingest.land("feed.xml", _feed(first, _kind(), second, READING, POINT))
    assert ingest.accepted("value, source_row") == [(1.0, 1), (2.0, 2), (3.0, 3)]


def test_espi__links_without_up_and_title_of_the_meter_reading(ingest: World) -> None:
    meter = _entry(_link("self", METER) + _link("related", "resource/ReadingType/1"), "b", _espi("MeterReading", ""))
    block = _entry(_link("self", f"{METER}/IntervalBlock/7"), "", _espi("IntervalBlock", _reading()))
    ingest.land("feed.xml", _feed(POINT, meter, _kind(), block))
    assert ingest.accepted("sensor_id, unit") == [("b", "Wh")]


@pytest.mark.parametrize(
    ("uom", "exponent", "value", "expected"),
    [
        ("72", "0", "1500", (1500.0, "Wh")),
        ("72", "3", "2", (2000.0, "Wh")),
        ("72", "-3", "1234", (1.234, "Wh")),
        ("38", "0", "5", (5.0, "W")),
        ("29", "-1", "2304", (230.4, "V")),
        ("63", "0", "7", (7.0, "var")),
        ("5", "-3", "16000", (16.0, "A")),
        ("33", "-2", "4998", (49.98, "Hz")),
        ("23", "0", "21", (21.0, "degC")),
    ],
)
def test_espi__units_and_powers_of_ten(
    ingest: World, uom: str, exponent: str, value: str, expected: tuple[float, str]
) -> None:
    ingest.land("feed.xml", _feed(POINT, READING, _kind(uom, exponent), _block(_reading(value=value))))
    assert ingest.accepted("value, unit") == [expected]


@pytest.mark.parametrize(
    ("codes", "quality"),
    [
        ((), "measured"),
        ((0,), "measured"),
        ((17, 14), "measured"),
        ((7,), "revised"),
        ((8,), "estimated"),
        ((0, 9), "estimated"),
        ((7, 8), "estimated"),
    ],
)
def test_espi__qualities(ingest: World, codes: tuple[object, ...], quality: str) -> None:
    ingest.land("feed.xml", _feed(POINT, READING, _kind(), _block(_reading(qualities=codes))))
    assert ingest.accepted("quality") == [(quality,)]


@pytest.mark.parametrize(
    ("duration", "minutes"), [("900", 15), ("3600", 60), ("82800", 1440), ("86400", 1440), ("90000", 1440), ("", 15)]
)
def test_espi__durations(ingest: World, duration: str, minutes: int) -> None:
    ingest.land("feed.xml", _feed(POINT, READING, _kind(), _block(_reading(duration=duration))))
    assert ingest.accepted("interval_minutes") == [(minutes,)]


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        (_reading(start="soon"), Reason.BAD_TIMESTAMP),
        (_reading(start=""), Reason.MISSING_FIELD),
        (_reading(start="9" * 30), Reason.BAD_TIMESTAMP),
        (_reading(start=0), Reason.FAR_DATE),
        (_reading(value=""), Reason.MISSING_FIELD),
        (_reading(value="1,5"), Reason.BAD_VALUE),
        (_reading(value="NaN"), Reason.NOT_FINITE),
        (_reading(duration="a while"), Reason.BAD_INTERVAL),
        (_reading(duration="90"), Reason.BAD_INTERVAL),
        (_reading(qualities=(42,)), Reason.QUALITY_UNKNOWN),
        ("<IntervalReading/>", Reason.MISSING_FIELD),
    ],
)
def test_espi__bad_reading_between_good_ones(ingest: World, reading: str, reason: Reason) -> None:
    ingest.land("feed.xml", _feed(POINT, READING, _kind(), _block(_reading(), reading, _reading(START + 1800, 2))))
    assert ingest.rejected() == [(2, reason)]
    assert ingest.accepted("source_row, value") == [(1, 1500.0), (3, 2.0)]


def test_espi__raw_text_of_a_bad_reading(ingest: World) -> None:
    ingest.land("feed.xml", _feed(POINT, READING, _kind(), _block(_reading(value="x"))))
    assert ingest.rejected("raw_text") == [
        ('{"title":"a","start":"1451606400","duration":"900","value":"x","quality":null}',)
    ]


def test_espi__unknown_unit_title_and_link(ingest: World) -> None:
    stranger = POINT.replace("<title>a</title>", "<title>stranger</title>")
    ingest.land("1.xml", _feed(POINT, READING, _kind("119"), _block(_reading())))
    ingest.land("2.xml", _feed(stranger, READING, _kind(), _block(_reading())))
    ingest.land("3.xml", _feed(POINT, READING, _kind(), _block(_reading(), up="somewhere/else")))
    assert ingest.rejected("source_file, reason") == [
        ("1.xml", Reason.UNIT_UNKNOWN),
        ("2.xml", Reason.UNKNOWN_SENSOR),
        ("3.xml", Reason.UNKNOWN_CHANNEL_LINK),
    ]


LAUGHS = '<!DOCTYPE feed [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE feed [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (LAUGHS + _feed(POINT).partition("\n")[2].replace("<title>a", "<title>&b;"), Reason.XML_FORBIDDEN),
        (OUTSIDE + _feed(POINT).partition("\n")[2].replace("<title>a", "<title>&secret;"), Reason.XML_FORBIDDEN),
        ('<!DOCTYPE feed SYSTEM "http://example.invalid/feed.dtd"><feed/>', Reason.XML_FORBIDDEN),
        (f"<!-- {'x' * 200_000} -->{OUTSIDE}<feed/>", Reason.XML_FORBIDDEN),
        (_feed(POINT, READING, _kind(), _block(_reading()))[:-40], Reason.NOT_XML),
        (_feed(POINT).replace("<title>a", "<title>&undeclared;"), Reason.NOT_XML),
        (_feed(POINT, f"<entry><title>{'x' * 11_000_000}</title></entry>"), Reason.NOT_XML),
        ("sensor_id,timestamp,value\n", Reason.NOT_XML),
        ("<html><body>Sign in</body></html>", Reason.NOT_XML),
        ("", Reason.EMPTY_FILE),
    ],
    ids=["laughs", "file", "dtd", "late", "cut", "entity", "huge", "csv", "html", "empty"],
)
def test_espi__feed_that_is_refused_whole(ingest: World, content: str, reason: Reason) -> None:
    ingest.land("1.xml", content)
    ingest.land("2.xml", _feed(POINT, READING, _kind(), _block(_reading())))
    assert ingest.rejected("source_file, source_row, reason") == [("1.xml", 0, reason)]
    assert ingest.accepted("source_file") == [("2.xml",)]


def test_espi__feed_in_utf_16(ingest: World) -> None:
    text = _feed(POINT, READING, _kind(), _block(_reading())).replace("?>", ' encoding="UTF-16"?>', 1)
    ingest.land("1.xml", text.encode("utf-16"))
    ingest.land("2.xml", (text.partition("?>")[0] + "?>" + OUTSIDE + text.partition("\n")[2]).encode("utf-16"))
    assert ingest.accepted("source_file") == [("1.xml",)]
    assert ingest.rejected("reason") == [(Reason.XML_FORBIDDEN,)]
