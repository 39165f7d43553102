"""`grid search`: sensors, readings and events by words, numbers, time and place."""

from typing import TYPE_CHECKING, Annotated

import typer

from grid_assets.cli import common
from grid_assets.cli.common import Json
from grid_assets.cli.output import OUT
from grid_assets.domain.errors import InputError

if TYPE_CHECKING:
    from resources.clients.platform import Platform

KINDS = ("sensors", "readings", "events")
TYPE_FIELDS = {"sensors": "sensor_type", "readings": "sensor_type", "events": "event_type"}


def search(  # noqa: PLR0913, PLR0917 - every filter is an option of its own
    text: Annotated[str, typer.Argument(help="Words, ids or beginnings of them; '' finds all.")] = "",
    kind: Annotated[str, typer.Option("--in", help=f"{', '.join(KINDS)}.")] = "sensors",
    of_type: Annotated[list[str] | None, typer.Option("--type", help="Sensor type, or event type.")] = None,
    where: Annotated[list[str] | None, typer.Option(help="FIELD=VALUE that must hold, such as feeder_id=F1.")] = None,
    min_value: Annotated[float | None, typer.Option("--min", help="Smallest value.")] = None,
    max_value: Annotated[float | None, typer.Option("--max", help="Largest value.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="Not before this day or instant.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Not after this day or instant.")] = None,
    near: Annotated[str | None, typer.Option(help="LATITUDE,LONGITUDE,KILOMETRES.")] = None,
    box: Annotated[str | None, typer.Option(help="SOUTH,WEST,NORTH,EAST.")] = None,
    sort: Annotated[str, typer.Option(help="relevance, distance, or a field; -FIELD for largest first.")] = "relevance",
    size: Annotated[int, typer.Option(help="Hits of a page.")] = 20,
    after: Annotated[str | None, typer.Option(help="The cursor that the page before ended with.")] = None,
    facet: Annotated[list[str] | None, typer.Option(help="Field whose values are counted.")] = None,
    as_json: Json = False,
) -> None:
    """Find sensors, readings or events; typos and beginnings of words are understood."""
    from grid_assets.cli.search_view import show_hits
    from grid_assets.domain.search.asking import Ask, request_of

    with common.errors(), common.platform() as platform:
        exact = {**_exact(where), **({TYPE_FIELDS.get(kind, "type"): tuple(of_type)} if of_type else {})}
        places = (_numbers("--near", near), _numbers("--box", box))
        ask = Ask(text, exact, min_value, max_value, start, end, *places, sort, size, after, tuple(facet or ()))
        page = platform.search.search(request_of(kind, ask, platform.zone))
        show_hits(kind, page, as_json=as_json)
        if not page.total and text and not as_json:
            _say_where_else(platform, kind, text)


def _say_where_else(platform: "Platform", kind: str, text: str) -> None:
    from grid_assets.domain.search.asking import Ask, request_of

    for other in (name for name in KINDS if name != kind):
        total = platform.search.search(request_of(other, Ask(text, size=1), platform.zone)).total
        if total:
            OUT.print(f"{total:,} {other} fit: --in {other}", markup=False, highlight=False)


def _exact(given: list[str] | None) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for term in given or ():
        name, sign, value = term.partition("=")
        if not sign:
            raise InputError(f"--where {term!r}", "FIELD=VALUE, such as feeder_id=F1")
        found[name] = (*found.get(name, ()), value)
    return found


def _numbers(option: str, text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"{option} {text!r}", "numbers with commas between them") from error
