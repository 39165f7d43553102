"""Documents on their way into Tantivy: each becomes one JSON line with our own fields and the companions of words.

The source is spliced into the line as it stands, so what is searched and what is stored are the same text.
"""

import hashlib
import json
from binascii import b2a_base64
from collections.abc import Iterator
from datetime import date
from functools import cache

import pyarrow as pa

from grid_assets.domain.errors import SearchError
from grid_assets.domain.search.fields import DocumentKind, Role
from resources.clients.search.base import DOCUMENTS
from resources.clients.search.tantivy_index import HALF, day_number
from resources.clients.search.tantivy_schema import DAY, HIGH, ID, LOW, REMOVED, SOURCE, VERSION, whole_name, words_name

_quoted = json.JSONEncoder(ensure_ascii=False).encode
_day_number = cache(day_number)
Companions = tuple[tuple[str, tuple[str, ...]], ...]


def checksum(source: bytes) -> int:
    """Return the first 32 bits of a source's MD5 as a number."""
    return int.from_bytes(hashlib.md5(source, usedforsecurity=False).digest()[:4], "big")


def companions_of(kind: DocumentKind) -> Companions:
    """Return the fields whose text is indexed a second time, and the index fields that it goes to."""
    named = (
        (f.name, tuple(n for n in (words_name(f), whole_name(f)) if n)) for f in kind.fields if f.role is Role.EXACT
    )
    return tuple((name, names) for name, names in named if names)


def document_lines(batch: pa.RecordBatch, companions: Companions) -> Iterator[str]:
    """Return one line per document of a batch (schema DOCUMENTS), in order.

    Raises:
        SearchError: If a source is no JSON object.
    """
    ids, days, versions, sources = (batch.column(name).to_pylist() for name in DOCUMENTS.names)
    for document_id, day, version, source in zip(ids, days, versions, sources, strict=True):
        yield _line(document_id, day, version, source, companions)


def tombstone_line(document_id: str, version: int) -> str:
    """Return the line that stands for a removed document."""
    return f'{{"{ID}":{_quoted(document_id)},"{VERSION}":{version},"{REMOVED}":true}}'


def _line(document_id: str, day: date, version: int, source: str, companions: Companions) -> str:
    stored = source.encode()
    number = checksum(stored)
    head = (
        f'{{"{ID}":{_quoted(document_id)},"{VERSION}":{version},"{DAY}":{_day_number(day)},"{REMOVED}":false,'
        f'"{HIGH}":{number >> HALF},"{LOW}":{number & ((1 << HALF) - 1)},'
        f'"{SOURCE}":"{b2a_base64(stored, newline=False).decode()}"'
    )
    parts = [head]
    fields = _parsed(document_id, source)
    for name, copies in companions:
        value = fields.get(name)
        if value is not None:
            text = _quoted(value)
            parts.extend(f'"{copy}":{text}' for copy in copies)
    inner = source.strip()[1:]
    return ",".join(parts) + ("," + inner if fields else inner)


def _parsed(document_id: str, source: str) -> dict[str, object]:
    try:
        fields = json.loads(source)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise SearchError(f"the source of the document {document_id!r} is {source[:200]!r}", "a JSON object")
    return fields
