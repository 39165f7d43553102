"""Checks of a search that need no index: fields and their roles, windows, places, sorting, sizes.

Whatever passes can be answered by every engine. Each refusal names what would have been possible.
"""

import math
from dataclasses import replace
from datetime import UTC, date, datetime

from grid_assets.domain.errors import InputError
from grid_assets.domain.search.fields import DocumentKind, Role
from grid_assets.domain.search.geo import HALF_TURN, QUARTER_TURN
from grid_assets.domain.search.request import Bound, Box, Near, SearchRequest, Window

RELEVANCE, DISTANCE, ID = "relevance", "distance", "id"
MOST_HITS = 1_000
MOST_TEXT = 1_000
MOST_WORDS = 32
MOST_VALUES = 10_000
NUMERIC = frozenset({Role.NUMBER, Role.COUNT, Role.LATITUDE, Role.LONGITUDE})
RANGED = NUMERIC | {Role.TIME, Role.DAY}
SORTED = RANGED | {Role.EXACT}
COUNTED = frozenset({Role.EXACT, Role.DAY})


def checked(kind: DocumentKind, request: SearchRequest) -> SearchRequest:
    """Return a request whose parts all fit the kind: bounds of the field's type, instants in UTC, values without twins.

    Raises:
        InputError: If a field is unknown or of another role, or a value cannot be used.
    """
    if request.kind != kind.name:
        raise InputError(f"a search for {request.kind!r}", f"one for {kind.name}")
    _check_size(request.size)
    _check_text(request.text)
    _check_places(kind, request)
    _check_sort(kind, request)
    for name in request.facets:
        _role(kind, name, COUNTED, "counted as a facet")
    return replace(
        request,
        exact=dict(sorted((name, _values(kind, name, given)) for name, given in request.exact.items())),
        windows=dict(sorted((name, _window(kind, name, given)) for name, given in request.windows.items())),
        facets=tuple(dict.fromkeys(request.facets)),
    )


def fields_of(kind: DocumentKind, roles: frozenset[Role]) -> tuple[str, ...]:
    """Return the names of a kind's fields that have one of some roles."""
    return tuple(field.name for field in kind.fields if field.role in roles)


def place_fields(kind: DocumentKind) -> tuple[str, str]:
    """Return the names of the fields of latitude and longitude.

    Raises:
        InputError: If documents of the kind have no place.
    """
    found = fields_of(kind, frozenset({Role.LATITUDE})), fields_of(kind, frozenset({Role.LONGITUDE}))
    if not all(found):
        raise InputError(f"{kind.name} have no place", "a search without near and box")
    return found[0][0], found[1][0]


def sort_field(sort: str) -> tuple[str, bool]:
    """Return the field that a sort names, and whether largest come first."""
    return sort.removeprefix("-"), sort.startswith("-")


def _role(kind: DocumentKind, name: str, roles: frozenset[Role], use: str) -> Role:
    field = kind.field(name)
    if field is None or field.role not in roles:
        found = f"{kind.name} have no field {name!r}" if field is None else f"{name} is {_ROLE_WORDS[field.role]}"
        possible = ", ".join(fields_of(kind, roles)) or "none"
        raise InputError(found, f"a field of {kind.name} that can be {use}: {possible}")
    return field.role


_ROLE_WORDS = {
    Role.EXACT: "one word as it stands",
    Role.WORDS: "text, which `query` searches",
    Role.NUMBER: "a number",
    Role.COUNT: "a whole number",
    Role.TIME: "an instant",
    Role.DAY: "a civil day",
    Role.LATITUDE: "a latitude",
    Role.LONGITUDE: "a longitude",
}


def _check_size(size: object) -> None:
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= MOST_HITS:
        raise InputError(f"a page of {size!r} hits", f"1 to {MOST_HITS:,}; `after` gets the pages behind it")


def _check_text(text: object) -> None:
    if not isinstance(text, str) or len(text) > MOST_TEXT or len(text.split()) > MOST_WORDS:
        found = f"a query of {len(text):,} characters" if isinstance(text, str) else f"the query {text!r}"
        raise InputError(found, f"a text of at most {MOST_TEXT:,} characters and {MOST_WORDS} words")


def _check_places(kind: DocumentKind, request: SearchRequest) -> None:
    if request.near is None and request.box is None:
        return
    place_fields(kind)
    if request.near is not None:
        _check_near(request.near)
    if request.box is not None:
        _check_box(request.box)


def _check_near(near: Near) -> None:
    _check_degrees("latitude", near.latitude, QUARTER_TURN)
    _check_degrees("longitude", near.longitude, HALF_TURN)
    if not _is_number(near.kilometres) or near.kilometres < 0:
        raise InputError(f"near within {near.kilometres!r} km", "a number of kilometres from 0 on")


def _check_box(box: Box) -> None:
    for name, value in (("south", box.south), ("north", box.north)):
        _check_degrees(name, value, QUARTER_TURN)
    for name, value in (("west", box.west), ("east", box.east)):
        _check_degrees(name, value, HALF_TURN)
    if box.south > box.north:
        raise InputError(f"a box from {box.south} south to {box.north} north", "south not above north")


def _check_degrees(name: str, value: object, most: float) -> None:
    if not _is_number(value) or not -most <= float(value) <= most:  # type: ignore[arg-type]
        raise InputError(f"{name} is {value!r}", f"degrees from {-most:g} to {most:g}")


def _check_sort(kind: DocumentKind, request: SearchRequest) -> None:
    if not isinstance(request.sort, str):
        raise InputError(f"sort is {request.sort!r}", "text")
    if request.sort == DISTANCE and request.near is None:
        raise InputError("sort by distance without a place", "near=(latitude, longitude, kilometres)")
    if request.sort in {RELEVANCE, DISTANCE}:
        return
    name, _ = sort_field(request.sort)
    if name == ID:
        return
    field = kind.field(name)
    if field is None or field.role not in SORTED or field.is_many:
        single = [each.name for each in kind.fields if each.role in SORTED and not each.is_many]
        possible = ", ".join((RELEVANCE, DISTANCE, ID, *single))
        raise InputError(f"sort is {request.sort!r}", f"one of {possible}, a field with - before it for largest first")


def _values(kind: DocumentKind, name: str, given: str | tuple[str, ...]) -> tuple[str, ...]:
    if name != ID:
        _role(kind, name, frozenset({Role.EXACT}), "matched exactly")
    values = (given,) if isinstance(given, str) else tuple(given)
    if not values or len(values) > MOST_VALUES or not all(isinstance(value, str) for value in values):
        raise InputError(f"{name} is {given!r}"[:200], f"a text, or 1 to {MOST_VALUES:,} texts")
    return tuple(dict.fromkeys(values))


def _window(kind: DocumentKind, name: str, window: Window) -> Window:
    role = _role(kind, name, RANGED, "held between two values")
    low, high = _bound(name, role, window.low), _bound(name, role, window.high)
    if low is not None and high is not None and low > high:  # type: ignore[operator]
        raise InputError(f"{name} from {low} to {high}", "a low end that is not above the high end")
    return Window(low, high)


def _bound(name: str, role: Role, value: Bound | None) -> Bound | None:
    if value is None:
        return None
    if role is Role.TIME:
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise InputError(f"a bound of {name} is {value!r}", "an instant with an offset")
        return value.astimezone(UTC)
    if role is Role.DAY:
        if not isinstance(value, date) or isinstance(value, datetime):
            raise InputError(f"a bound of {name} is {value!r}", "a day")
        return value
    if not _is_number(value):
        raise InputError(f"a bound of {name} is {value!r}", "a finite number")
    return float(value)  # type: ignore[arg-type]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
