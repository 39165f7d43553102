"""What has arrived in the landing zone and was never taken: files known by content, none hashed twice."""

from dataclasses import dataclass
from pathlib import Path

from grid_assets.pipeline.ingest.files import Kind, LandingFile, UnreadableFile
from grid_assets.pipeline.ingest.landing import discover, inspect
from resources.clients.database.files import SeenFile
from resources.clients.platform import Platform


@dataclass(frozen=True)
class Arrivals:
    """New files in arrival order: catalogues, readings, and what cannot be read; `repeated` counts known content."""

    catalogues: tuple[LandingFile, ...]
    readings: tuple[LandingFile, ...]
    unreadable: tuple[UnreadableFile, ...]
    repeated: int

    @property
    def is_empty(self) -> bool:
        """Return whether nothing new has arrived."""
        return not (self.catalogues or self.readings or self.unreadable)


def arrivals(platform: Platform) -> Arrivals:
    """Look through the landing zone; a path that was seen with the same size and time is not opened again.

    Having been seen is not enough to be passed over: the content must still be known. A batch that was undone lets go
    of its files, and they are taken again.
    """
    found = discover(platform.landing)
    seen = platform.database.files.seen()
    taken = platform.database.files.known([file.content_hash for file in seen.values()])
    fresh_paths = [path for path in found.paths if not _is_taken(path, seen, taken)]
    inspected = [inspect(path) for path in fresh_paths]
    files = [f for f in inspected if isinstance(f, LandingFile)]
    unreadable = [*found.unreadable, *(f for f in inspected if isinstance(f, UnreadableFile))]
    hashes = [f.content_hash for f in files] + [f.content_hash for f in unreadable]
    known = set(platform.database.files.known(hashes))
    repeats = [f for f in files if f.content_hash in known]
    platform.database.files.remember([_seen(f) for f in repeats])
    fresh = _first_of_each(files, known)
    return Arrivals(
        tuple(f for f in fresh if f.kind is Kind.SENSORS),
        tuple(f for f in fresh if f.kind is Kind.READINGS),
        tuple(f for f in unreadable if f.content_hash not in known),
        len(files) - len(fresh),
    )


def remember(platform: Platform, files: tuple[LandingFile, ...]) -> None:
    """Note that files were taken, so that the next look passes them over without opening them."""
    platform.database.files.remember([_seen(f) for f in files])


def _first_of_each(files: list[LandingFile], known: set[str]) -> list[LandingFile]:
    fresh: dict[str, LandingFile] = {}
    for file in files:
        if file.content_hash not in known:
            fresh.setdefault(file.content_hash, file)
    return list(fresh.values())


def _is_taken(path: Path, seen: dict[str, SeenFile], taken: frozenset[str]) -> bool:
    before = seen.get(str(path.absolute()))
    if before is None or before.content_hash not in taken:
        return False
    status = path.stat()
    return (status.st_size, status.st_mtime_ns) == (before.size_bytes, before.mtime_ns)


def _seen(file: LandingFile) -> SeenFile:
    return SeenFile(str(file.path.absolute()), file.size_bytes, file.mtime_ns, file.content_hash)
