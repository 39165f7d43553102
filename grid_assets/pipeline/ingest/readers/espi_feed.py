"""Taking readings out of Green Button (ESPI) feeds: XML in, one tab-separated line per IntervalReading out.

The feed is streamed by entry; each IntervalBlock's readings leave through a compiled stylesheet, so no Python runs per
reading. What links blocks to meters comes as a small table, because entries may stand in any order (ESPI, NAESB REQ.21:
a block's `up` link is a `related` link of its MeterReading, and so on up to the UsagePoint).
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

import pyarrow as pa
from lxml import etree

from grid_assets.domain.errors import UnreadableFileError
from grid_assets.domain.ingest_reasons import Reason

ATOM = "http://www.w3.org/2005/Atom"
ESPI = "http://naesb.org/espi"
NAMES = {"a": ATOM, "e": ESPI}
LINE_COLUMNS = ("block", "ordinal", "start", "duration", "value", "quality")
BLOCK_SCHEMA = pa.schema(
    [
        ("block", pa.int64()),
        ("meter_title", pa.string()),
        ("point_title", pa.string()),
        ("uom", pa.string()),
        ("exponent", pa.string()),
        ("interval_seconds", pa.string()),
    ]
)
READING_LINES = etree.XSLT(
    etree.XML(
        f"""<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:e="{ESPI}">
        <xsl:output method="text" encoding="UTF-8"/>
        <xsl:param name="block"/><xsl:param name="base"/>
        <xsl:template match="/"><xsl:for-each select="//e:IntervalReading">
            <xsl:value-of select="$block"/><xsl:text>&#9;</xsl:text>
            <xsl:value-of select="$base + position()"/><xsl:text>&#9;</xsl:text>
            <xsl:value-of select="substring(normalize-space(e:timePeriod/e:start), 1, 99)"/><xsl:text>&#9;</xsl:text>
            <xsl:value-of select="substring(normalize-space(e:timePeriod/e:duration), 1, 99)"/><xsl:text>&#9;</xsl:text>
            <xsl:value-of select="substring(normalize-space(e:value), 1, 99)"/><xsl:text>&#9;</xsl:text>
            <xsl:for-each select="e:ReadingQuality/e:quality">
                <xsl:if test="position() &gt; 1"><xsl:text> </xsl:text></xsl:if>
                <xsl:value-of select="substring(normalize-space(.), 1, 99)"/>
            </xsl:for-each><xsl:text>&#10;</xsl:text>
        </xsl:for-each></xsl:template></xsl:stylesheet>"""
    )
)
COUNT_READINGS = etree.XPath("count(.//e:IntervalReading)", namespaces=NAMES)
BLOCKS = etree.XPath("a:content/e:IntervalBlock", namespaces=NAMES)
CONTENT = etree.XPath("a:content/*", namespaces=NAMES)
LINKS = etree.XPath("a:link", namespaces=NAMES)


@dataclass
class _Entry:
    """What an entry that is no block says: its title, its links by relation, and a reading type's facts."""

    title: str | None
    self_link: str
    up: str
    related: frozenset[str]
    facts: dict[str, str | None] = field(default_factory=dict)

    @classmethod
    def of(cls, entry: etree._Element) -> "_Entry":
        """Return what an entry says; one without an `up` link lies under its own link, less the last step."""
        links: dict[str, list[str]] = {}
        for link in LINKS(entry):
            links.setdefault(link.get("rel", ""), []).append(link.get("href", "").strip().rstrip("/"))
        title = (entry.findtext("a:title", namespaces=NAMES) or "").strip() or None
        own = links.get("self", [""])[0]
        return cls(title, own, links.get("up", [own.rpartition("/")[0]])[0], frozenset(links.get("related", [])))


@dataclass
class _Feed:
    """What is known of a feed while it streams by."""

    entries: dict[str, list[_Entry]] = field(default_factory=dict)
    block_links: list[str] = field(default_factory=list)
    readings: int = 0


def extract(source: Path, target: Path, name: str) -> pa.Table:
    """Write a plain feed's readings as lines to `target`, and return its blocks, one row each, by `BLOCK_SCHEMA`.

    Lines hold block, ordinal (of the reading in the file, from 1), start (epoch seconds), duration (seconds), value and
    quality codes, as text cut to 99 characters. `name` is the file's name for messages.

    Raises:
        UnreadableFileError: With reason xml_forbidden where a document type is declared, or not_xml.
    """
    with source.open("rb") as stream:
        refuse_document_type(stream, name)
        stream.seek(0)
        feed = _Feed()
        try:
            with target.open("wb") as lines:
                _stream(stream, feed, lines)
        except etree.XMLSyntaxError as error:
            raise UnreadableFileError(
                Reason.NOT_XML, f"{name}, line {error.lineno}: {error.msg}", "well-formed XML", "deliver the file again"
            ) from error
    if not feed.entries and not feed.block_links:
        raise UnreadableFileError(Reason.NOT_XML, f"{name} has no Atom entry", "a Green Button (ESPI) feed")
    return _block_table(feed)


def refuse_document_type(stream: BinaryIO, name: str) -> None:
    """Read up to the first element, and refuse a document type before anything could be expanded.

    Raises:
        UnreadableFileError: With reason xml_forbidden, or not_xml where the beginning is not XML.
    """
    prolog = _Prolog()
    try:
        while not prolog.is_over and (chunk := stream.read(1 << 16)):
            prolog.parser.Parse(chunk)
    except expat.ExpatError as error:
        if not prolog.is_over:
            raise UnreadableFileError(Reason.NOT_XML, f"{name} is not XML: {error}", "a Green Button feed") from error
    if prolog.has_document_type:
        raise UnreadableFileError(
            Reason.XML_FORBIDDEN, f"{name} declares a document type", "XML without DOCTYPE and entities"
        )


class _Prolog:
    """A parser that stops to care at the first element or document type."""

    def __init__(self) -> None:
        self.is_over = False
        self.has_document_type = False
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._on_document_type
        self.parser.StartElementHandler = self._on_element

    def _on_document_type(self, *_: object) -> None:
        self.has_document_type = not self.is_over
        self.is_over = True

    def _on_element(self, *_: object) -> None:
        self.is_over = True


def _stream(stream: BinaryIO, feed: _Feed, lines: BinaryIO) -> None:
    events = etree.iterparse(
        stream, events=("end",), tag=f"{{{ATOM}}}entry", resolve_entities=False, no_network=True, load_dtd=False
    )
    for _, entry in events:
        blocks = BLOCKS(entry)
        if blocks:
            up = _Entry.of(entry).up
            for block in blocks:
                _write_block(block, up, feed, lines)
        else:
            _remember(entry, feed)
        entry.clear()
        while entry.getprevious() is not None:
            del entry.getparent()[0]


def _write_block(block: etree._Element, up: str, feed: _Feed, lines: BinaryIO) -> None:
    lines.write(bytes(READING_LINES(block, block=str(len(feed.block_links)), base=str(feed.readings))))
    feed.block_links.append(up)
    feed.readings += int(COUNT_READINGS(block))


def _remember(entry: etree._Element, feed: _Feed) -> None:
    content = CONTENT(entry)
    kind = etree.QName(content[0]).localname if content else ""
    remembered = _Entry.of(entry)
    if kind == "ReadingType":
        for fact in ("uom", "powerOfTenMultiplier", "intervalLength"):
            remembered.facts[fact] = content[0].findtext(f"e:{fact}", namespaces=NAMES)
    feed.entries.setdefault(kind, []).append(remembered)


def _block_table(feed: _Feed) -> pa.Table:
    meters = _by_link(feed.entries.get("MeterReading", []), "IntervalBlock")
    points = _by_link(feed.entries.get("UsagePoint", []), "MeterReading")
    types = {entry.self_link: entry for entry in feed.entries.get("ReadingType", [])}
    rows = []
    for number, up in enumerate(feed.block_links):
        meter = meters.get(up)
        point = points.get(meter.up) if meter else None
        kind = next((types[link] for link in meter.related if link in types), None) if meter else None
        facts = kind.facts if kind else {}
        rows.append(
            {
                "block": number,
                "meter_title": meter.title if meter else None,
                "point_title": point.title if point else None,
                "uom": facts.get("uom"),
                "exponent": facts.get("powerOfTenMultiplier"),
                "interval_seconds": facts.get("intervalLength"),
            }
        )
    return pa.Table.from_pylist(rows, schema=BLOCK_SCHEMA)


def _by_link(entries: list[_Entry], child: str) -> dict[str, _Entry]:
    """Return entries by the link that their children call `up`: a related link, or their own with the child's name."""
    found: dict[str, _Entry] = {}
    for entry in entries:
        for link in (*entry.related, f"{entry.self_link}/{child}"):
            found.setdefault(link, entry)
    return found
