"""The three kinds of documents that people search: sensors, meter readings and events.

Each kind stands in a module of its own; what a kind and a field are, in `fields.py`. The queries are DuckDB's dialect
within the subset that transpiles; sums run over exact decimals, so that the same rows always make the same document.
"""

from grid_assets.domain.errors import ConfigurationError
from grid_assets.domain.search.event_documents import EVENTS_KIND
from grid_assets.domain.search.fields import DocumentKind
from grid_assets.domain.search.reading_documents import HOURLY_KIND, RAW_KIND
from grid_assets.domain.search.sensor_documents import SENSORS_KIND

READING_KINDS: dict[str, DocumentKind] = {"hour": HOURLY_KIND, "raw": RAW_KIND}
"""The kind `readings` by its grain: what one document stands for."""


def document_kinds(readings_grain: str) -> tuple[DocumentKind, ...]:
    """Return the kinds `sensors`, `readings` and `events`; the grain is `hour` or `raw`.

    Raises:
        ConfigurationError: If the grain is unknown.
    """
    if readings_grain not in READING_KINDS:
        raise ConfigurationError(
            f"the grain of the readings index is {readings_grain!r}",
            f"one of {', '.join(READING_KINDS)}",
            "mend GRID_READINGS_GRAIN",
        )
    return (SENSORS_KIND, READING_KINDS[readings_grain], EVENTS_KIND)
