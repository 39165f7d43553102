"""How many landed files nobody has taken, told without opening one of them."""

from grid_assets.pipeline.ingest.landing import discover
from resources.clients.platform import Platform


def waiting_files(platform: Platform) -> int:
    """Return how many files of the landing zone are new, changed, or unreadable and not yet told as such."""
    found = discover(platform.landing)
    seen = platform.database.files.seen()
    known = platform.database.files.known([file.content_hash for file in seen.values()])
    taken = {f.path: (f.size_bytes, f.mtime_ns) for f in seen.values() if f.content_hash in known}
    fresh = 0
    for path in found.paths:
        status = path.stat()
        fresh += taken.get(str(path.absolute())) != (status.st_size, status.st_mtime_ns)
    told = platform.database.files.known([file.content_hash for file in found.unreadable])
    return fresh + sum(file.content_hash not in told for file in found.unreadable)
