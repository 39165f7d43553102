"""Cursors: where a page ended, as opaque text that fits only the same search of the same index.

A cursor holds the sort key and the id of the last hit, not a count of hits. So the page after it begins right behind
that hit even where documents were added or removed since; on an unchanged index pages are exact.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import date

from grid_assets.domain.errors import InputError
from grid_assets.domain.search.request import SearchRequest

_LETTERS_OF_FINGERPRINT = 16
_LONGEST = 8_000
Key = float | int | str | None
"""What hits are ordered by; None for hits that lack the field, which come last."""


@dataclass(frozen=True)
class Cursor:
    """The last hit of a page: its sort key and its id."""

    key: Key
    id: str


def encode(cursor: Cursor, request: SearchRequest, index: str) -> str:
    """Return a cursor as text, bound to the request (but for its size and facets) and to the index."""
    parts = [index, fingerprint(request), cursor.key, cursor.id]
    text = json.dumps(parts, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(text: str, request: SearchRequest, index: str) -> Cursor:
    """Return what a cursor says.

    Raises:
        InputError: If it is no cursor, or one of another search or another index.
    """
    made_by, print_of_request, key, last = _parts(text)
    if print_of_request != fingerprint(request):
        raise InputError("`after` is a cursor of another search", "the same search as for the page that gave it")
    if made_by != index:
        raise InputError(
            f"`after` is a cursor of the index {made_by}, and {index} answers now",
            action="begin again without `after`: the index was made anew in between",
        )
    return Cursor(key, last)


def fingerprint(request: SearchRequest) -> str:
    """Return what two requests share that have the same hits in the same order."""
    same = replace(request, after=None, size=1, facets=())
    text = json.dumps(asdict(same), sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:_LETTERS_OF_FINGERPRINT]


def _parts(text: str) -> tuple[str, str, Key, str]:
    wrong = InputError(f"`after` is {str(text)[:40]!r}", "the `next` of an earlier page, whole")
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise wrong
    try:
        parts = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise wrong from error
    if not isinstance(parts, list) or [type(part) for part in parts[:2] + parts[3:]] != [str, str, str]:
        raise wrong
    if isinstance(parts[2], bool) or not isinstance(parts[2], float | int | str | None):
        raise wrong
    return parts[0], parts[1], parts[2], parts[3]


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else repr(value)
