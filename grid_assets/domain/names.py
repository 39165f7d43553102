"""Names that more than one part has to agree on: cache keys, consumers of the change log, indices, files of the API.

Keys that begin with `grid:` are the pipeline's; everybody may read them. All other keys belong to users.
"""

from datetime import UTC, datetime

OWN_PREFIX = "grid:"
"""Cache keys of the pipeline begin with this."""
PUBLISH_CONSUMER = "publish"
API_FILE_PREFIX = "api-"


def latest_key(sensor_id: str) -> str:
    """Return the cache key of a sensor's newest verified value."""
    return f"{OWN_PREFIX}latest:{sensor_id}"


def warm_consumer(epoch: str) -> str:
    """Return the consumer that warms one life of a cache; a cache that lost everything has a new epoch."""
    return f"warm/{epoch}"


def search_consumer(index: str) -> str:
    """Return the consumer that keeps one index fresh, so that an index rolled back to knows how far it has got."""
    return f"search/{index}"


def index_name(kind: str, made_at: datetime, schema_hash: str) -> str:
    """Return the name of a new index: kind, the time to the millisecond and the hash of its schema, in lower case."""
    moment = made_at.astimezone(UTC)
    return f"{kind}-{moment:%Y%m%dt%H%M%S}{moment.microsecond // 1000:03d}z-{schema_hash[:8]}"


def api_file_name(first: int, last: int) -> str:
    """Return the landing file that holds the outbox entries from a position to another, in their order."""
    return f"{API_FILE_PREFIX}{first:012d}-{last:012d}.jsonl"
