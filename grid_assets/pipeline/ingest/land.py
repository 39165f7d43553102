"""Putting files into the landing zone: copied whole or not at all, and never over other content.

A file goes to `sensors/` or `readings/` by the folder that it comes from, at any depth; a file outside of both goes by
what it is: a CSV with a catalogue's header is a catalogue, anything else of a known format holds readings.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grid_assets.domain.errors import InputError, UnreadableFileError
from grid_assets.pipeline.ingest.files import Container, Kind, Packing, format_of
from grid_assets.pipeline.ingest.landing import UNFINISHED, hash_file
from grid_assets.pipeline.ingest.readers.header import LINE_END, SENSOR_COLUMNS
from grid_assets.pipeline.ingest.spool import plain_chunks

STEP_NS = 1_000_000
"""Modification times of one call's files lie a millisecond apart, so that arrival order is name order."""
SUFFIX_LENGTH = 8


@dataclass(frozen=True)
class LandingResult:
    """What landing did, by names with their folder.

    `landed` are new, `kept` were there with the same content, `passed_over` are no data, such as a licence beside it.
    """

    landing_root: Path
    landed: tuple[str, ...]
    kept: tuple[str, ...]
    passed_over: tuple[str, ...]


@dataclass(frozen=True)
class _Source:
    path: Path
    kind: Kind


def land(paths: Sequence[Path], landing_root: Path) -> LandingResult:
    """Copy files, and the data files of folders, into a landing zone.

    Arrival order within one call is name order. A name that is taken by other content gets a suffix from the new
    content's hash; the same content under its name is left alone.

    Raises:
        InputError: If a path does not exist, or a file that is named itself is of no known format.
        OSError: If the zone cannot be written, for instance because the disk is full; no partial file is left visible.
    """
    sources: list[_Source] = []
    passed_over: list[str] = []
    for path in paths:
        for file in _files_of(path):
            source = _source_of(file, path)
            if source is None:
                passed_over.append(file.name)
            else:
                sources.append(source)
    landed: list[str] = []
    kept: list[str] = []
    newest = _newest_ns(landing_root)
    for number, source in enumerate(sorted(sources, key=lambda s: (s.kind is Kind.READINGS, s.path.name))):
        target, is_new = _put(source, landing_root, newest + (number + 1) * STEP_NS)
        (landed if is_new else kept).append(f"{source.kind}/{target.name}")
    return LandingResult(landing_root, tuple(landed), tuple(kept), tuple(sorted(passed_over)))


def _files_of(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (p for p in sorted(path.rglob("*")) if p.is_file() and _is_plain_name(p))
    elif path.is_file():
        yield path
    else:
        raise InputError(f"there is no file or folder {path}", "a path that exists", "check the spelling")


def _is_plain_name(path: Path) -> bool:
    return not path.name.startswith(".") and not path.name.endswith(UNFINISHED)


def _source_of(file: Path, named: Path) -> _Source | None:
    """Return where a file belongs that was found under a named path; none where it is no data.

    Raises:
        InputError: If the file was named itself and is of no known format.
    """
    folders = [part for part in _folders(file, named) if part in set(Kind)]
    try:
        format_of(file.name)
    except UnreadableFileError as error:
        if file == named:
            raise InputError(error.found, error.expected, "rename or convert the file") from error
        return _Source(file, Kind(folders[-1])) if folders else None
    if folders:
        return _Source(file, Kind(folders[-1]))
    return _Source(file, Kind.SENSORS if _has_catalogue_header(file) else Kind.READINGS)


def _folders(file: Path, named: Path) -> tuple[str, ...]:
    """Return the folders that speak about a file: its own, and those above it from the named folder on."""
    top = named.absolute().parent
    return file.absolute().relative_to(top.parent if file == named else top).parts[:-1]


def _has_catalogue_header(file: Path) -> bool:
    file_format = format_of(file.name)
    if file_format.container is not Container.CSV:
        return False
    try:
        head = next(plain_chunks(file, file_format.packing), b"")
        first = LINE_END.split(head[: 1 << 16].decode("utf-8-sig", errors="replace").lstrip())[0]
        SENSOR_COLUMNS.positions(first.replace('"', "").split(","))
    except UnreadableFileError:
        return False
    return True


def _newest_ns(landing_root: Path) -> int:
    """Return the newest modification time in the zone, so that what lands now arrives after it; 0 in an empty one."""
    files = [path for kind in Kind for path in (landing_root / kind).glob("*")]
    newest = max((path.lstat().st_mtime_ns for path in files), default=0)
    return max(newest, _clock_ns(landing_root))


def _clock_ns(landing_root: Path) -> int:
    """Return the file system's own time, which is what other writers' files carry."""
    probe = landing_root / ".clock"
    landing_root.mkdir(parents=True, exist_ok=True)
    probe.touch()
    try:
        return probe.stat().st_mtime_ns
    finally:
        probe.unlink()


def _put(source: _Source, landing_root: Path, mtime_ns: int) -> tuple[Path, bool]:
    """Copy one file unless its content is there already, and return where it is and whether it is new."""
    folder = landing_root / source.kind
    folder.mkdir(parents=True, exist_ok=True)
    digest = hash_file(source.path)
    target = folder / source.path.name
    if target.exists() and hash_file(target) != digest:
        target = folder / _with_suffix(source.path.name, digest[:SUFFIX_LENGTH])
    if target.exists():
        return target, False
    _copy(source.path, target, mtime_ns)
    return target, True


def _with_suffix(name: str, suffix: str) -> str:
    """Return a file name with a suffix before its endings: `a.csv.gz` becomes `a-1f2e3d4c.csv.gz`."""
    stem = Path(name).stem if Path(name).suffix.lower() in {f".{p}" for p in Packing} else name
    base = Path(stem).stem
    return f"{base}-{suffix}{name[len(base) :]}"


def _copy(source: Path, target: Path, mtime_ns: int) -> None:
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with source.open("rb") as reading, part.open("xb") as writing:
            shutil.copyfileobj(reading, writing, 1 << 20)
            writing.flush()
            os.fsync(writing.fileno())
        os.utime(part, ns=(mtime_ns, mtime_ns))
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)
