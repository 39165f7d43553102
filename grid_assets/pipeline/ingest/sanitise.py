"""Rewriting a text file that the line scan refuses, so that only its bad lines are lost and line numbers stay exact.

Works on chunks, not on rows: a chunk is searched for what the scan refuses, and only one that has it is looked at by
line.
"""

from collections.abc import Iterator
from pathlib import Path

from grid_assets.domain.ingest_reasons import Reason
from grid_assets.pipeline.ingest.files import Packing
from grid_assets.pipeline.ingest.readers.text import MARK, MAX_LINE_BYTES, SEPARATOR
from grid_assets.pipeline.ingest.spool import plain_chunks
from grid_assets.pipeline.ingest.typed import RAW_LIMIT

LINE_LIMIT = MAX_LINE_BYTES - 1024


def sanitise(source: Path, target: Path) -> None:
    """Write a plain text file again with line ends of one kind, and each bad line as mark, reason, mark, its beginning.

    A line ends with LF or CR LF, or with CR in a file that has no LF at all. Bad are lines that are not UTF-8, that are
    longer than 1 MiB, or that hold the scan's separator byte.
    """
    with target.open("wb") as out:
        for lines in _line_blocks(source, b"\n" if _has_line_feed(source) else b"\r"):
            out.write(_clean(lines))


def _has_line_feed(source: Path) -> bool:
    return any(b"\n" in chunk for chunk in plain_chunks(source, Packing.NONE))


def _line_blocks(source: Path, end: bytes) -> Iterator[bytes]:
    """Yield blocks of whole lines ending in LF; a line that outgrows the limit comes as its beginning only."""
    rest = b""
    is_skipping = False
    for chunk in plain_chunks(source, Packing.NONE):
        if is_skipping:
            _, found, chunk = chunk.partition(end)  # noqa: PLW2901
            if not found:
                continue
            is_skipping = False
        whole, found, tail = (rest + chunk).rpartition(end)
        if found:
            yield whole.replace(end, b"\n") + b"\n"
        rest = tail
        if len(rest) > LINE_LIMIT:
            yield rest[: LINE_LIMIT + 1] + b"\n"
            rest, is_skipping = b"", True
    if rest:
        yield rest + b"\n"


def _clean(block: bytes) -> bytes:
    text = block.replace(b"\r\n", b"\n")
    if _is_clean(text):
        return text
    return b"\n".join(map(_clean_line, text.split(b"\n")))


def _is_clean(text: bytes) -> bool:
    if SEPARATOR.encode() in text or b"\r" in text or MARK.encode() in text:
        return False
    if any(len(line) > LINE_LIMIT for line in text.split(b"\n")):
        return False
    return _is_utf8(text)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _clean_line(line: bytes) -> bytes:
    if len(line) > LINE_LIMIT:
        reason = Reason.LINE_TOO_LONG
    elif not _is_utf8(line):
        reason = Reason.BAD_ENCODING
    elif SEPARATOR.encode() in line or MARK.encode() in line:
        reason = Reason.MALFORMED_ROW
    else:
        return line.replace(b"\r", b" ")
    beginning = line[:RAW_LIMIT].decode(errors="backslashreplace")
    for sign in (SEPARATOR, MARK, "\r"):
        beginning = beginning.replace(sign, " ")
    return f"{MARK}{reason}{MARK}{beginning}".encode()
