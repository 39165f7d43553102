"""How a write is kept in a queue: as JSON, without its cached value, which the cache has already."""

import json
from datetime import datetime

from grid_assets.domain.writes import Write


def body_of(write: Write) -> str:
    """Return what a queue keeps of a write beside its request id."""
    return json.dumps(
        {
            "at": write.requested_at_utc.isoformat(),
            "key": write.cache_key,
            "table": write.table,
            "operation": write.operation,
            "row": write.row,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def write_of(request_id: str, body: str) -> Write:
    """Return the write that a queue kept; it carries no cached value."""
    kept = json.loads(body)
    at = datetime.fromisoformat(kept["at"])
    return Write(request_id, at, kept["key"], b"", kept["table"], kept["operation"], kept["row"])
