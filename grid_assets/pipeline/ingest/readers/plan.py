"""Making parts of a group: files that one query can read, each with its plain path and what the query must know of it.

Compressed text is unpacked first. A file that cannot take part is put among the unreadable ones, never dropped.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from grid_assets.domain.errors import UnreadableFileError
from grid_assets.domain.ingest_reasons import Reason
from grid_assets.pipeline.ingest.files import Container, Packing, UnreadableFile
from grid_assets.pipeline.ingest.groups import NumberedFile
from grid_assets.pipeline.ingest.readers.header import Header, read_header
from grid_assets.pipeline.ingest.readers.text import csv_source, jsonl_source
from grid_assets.pipeline.ingest.sanitise import sanitise
from grid_assets.pipeline.ingest.spool import unpack
from grid_assets.pipeline.ingest.typed import RowSource

UNPACKERS = 2
Unreadable = dict[int, UnreadableFile]


@dataclass(frozen=True)
class Member:
    """One file of a part: where its plain content lies, and its header if it has one."""

    file: NumberedFile
    plain: Path
    header: Header | None = None

    @property
    def header_row(self) -> int:
        """Return the line that the header is; 0 where there is none."""
        return self.header.line_number if self.header else 0

    @property
    def signature(self) -> tuple[object, ...]:
        """Return what members of one part share."""
        return self.header.signature if self.header else ()


@dataclass(frozen=True)
class Part:
    """Files of one container and one shape, in arrival order; marked ones went through the sanitiser."""

    container: Container
    members: tuple[Member, ...]
    is_marked: bool = False

    def source(self) -> RowSource:
        """Return the files as one row source."""
        paths = [member.plain for member in self.members]
        header = self.members[0].header
        if header is not None:
            return csv_source(paths, header, is_marked=self.is_marked)
        return jsonl_source(paths, is_marked=self.is_marked)

    def without_suspect(self, message: str, scratch: Path, unreadable: Unreadable) -> Iterator["Part"]:
        """Yield smaller parts after the engine refused this one: the file it names, or else each half, on its own.

        A text file that is alone is sanitised once; one that fails even then is unreadable.
        """
        if len(self.members) > 1:
            yield from self._halves(message)
        elif self.is_marked:
            member = self.members[0]
            unreadable[member.file.number] = UnreadableFile.of(member.file.file, Reason.UNREADABLE, message[:500])
        else:
            member = self.members[0]
            target = scratch / f"{member.file.number}.marked"
            sanitise(member.plain, target)
            yield replace(self, members=(replace(member, plain=target),), is_marked=True)

    def _halves(self, message: str) -> Iterator["Part"]:
        named = [member for member in self.members if str(member.plain) in message]
        middle = len(self.members) // 2
        if len(named) == 1:
            cuts = [(named[0],), tuple(member for member in self.members if member is not named[0])]
        else:
            cuts = [self.members[:middle], self.members[middle:]]
        for members in cuts:
            yield replace(self, members=members)


def parts_of(group: Sequence[NumberedFile], scratch: Path, unreadable: Unreadable) -> Iterator[Part]:
    """Yield the parts of a group of one container; unpacked files live until the part has been taken."""
    container = group[0].format.container
    members = _members(group, scratch, unreadable)
    by_signature: dict[tuple[object, ...], list[Member]] = {}
    for member in members:
        by_signature.setdefault(member.signature, []).append(member)
    for same in by_signature.values():
        yield Part(container, tuple(same))
    for path in scratch.iterdir():
        path.unlink()


def _members(group: Sequence[NumberedFile], scratch: Path, unreadable: Unreadable) -> list[Member]:
    def member_or_problem(file: NumberedFile) -> Member | UnreadableFile:
        try:
            return _member(file, scratch)
        except UnreadableFileError as error:
            return UnreadableFile.of(file.file, Reason(error.reason), str(error))

    with ThreadPoolExecutor(UNPACKERS) as pool:
        outcomes = list(pool.map(member_or_problem, group))
    for file, outcome in zip(group, outcomes, strict=True):
        if isinstance(outcome, UnreadableFile):
            unreadable[file.number] = outcome
    return [outcome for outcome in outcomes if isinstance(outcome, Member)]


def _member(file: NumberedFile, scratch: Path) -> Member:
    plain = file.file.path
    if file.format.packing is not Packing.NONE:
        plain = scratch / f"{file.number}.plain"
        unpack(file.file.path, file.format.packing, plain)
    header = read_header(plain) if file.format.container is Container.CSV else None
    return Member(file, plain, header)
