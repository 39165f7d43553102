"""What `grid search` shows: hits as a table of the fields that tell most, facets below; as JSON all of the fields."""

from dataclasses import asdict
from typing import Any

from grid_assets.cli.output import OUT, print_json, print_table
from grid_assets.domain.search.hits import HIT_CLASSES, Found, SearchResults, results_of
from grid_assets.domain.search.request import SearchPage

COLUMNS = {
    "sensors": ("sensor_id", "sensor_type", "latest_value", "unit", "latest_start_utc", "feeder_id", "region"),
    "readings": ("sensor_id", "period_start_utc", "value", "unit", "quality", "rule_ids"),
    "events": ("event_type", "severity", "started_at_utc", "place", "message"),
}
"""What the table shows of each kind; everything else is in the JSON."""


def show_hits(kind: str, page: SearchPage, *, as_json: bool) -> None:
    """Show one page of a search.

    As JSON it is one object: `hits` (each with all fields of its kind, null where it has none), `total`, `facets` (per
    field a list of value and count), `next` (the cursor of the page behind, or null) and `index`.
    """
    results = results_of(page, HIT_CLASSES[kind])
    if as_json:
        print_json(_plain(results))
        return
    columns = [name for name in COLUMNS[kind] if any(_shown(hit, name) not in {None, ""} for hit in results)]
    columns += ["distance_km"] if any(hit.distance_km is not None for hit in results) else []
    if results.hits:
        print_table(_title(kind, results), columns, [[_shown(hit, name) for name in columns] for hit in results])
    else:
        OUT.print(f"No {kind} fit. Fewer words or filters find more.", markup=False)
    for name, counts in results.facets.items():
        print_table(f"By {name}", (name, "count"), counts)
    if results.next is not None:
        OUT.print(f"More: --after {results.next}", markup=False, highlight=False)


def _title(kind: str, results: SearchResults[Found]) -> str:
    return f"{len(results):,} of {results.total:,} {kind}"


def _shown(hit: Found, name: str) -> Any:  # noqa: ANN401 - whatever the field is
    value = getattr(hit, name)
    return ", ".join(value) if isinstance(value, tuple) else value


def _plain(results: SearchResults[Found]) -> dict[str, object]:
    return {
        "hits": [asdict(hit) for hit in results],
        "total": results.total,
        "facets": {
            name: [{"value": value, "count": count} for value, count in counts]
            for name, counts in results.facets.items()
        },
        "next": results.next,
        "index": results.index,
    }
