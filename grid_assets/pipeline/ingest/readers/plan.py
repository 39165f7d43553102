"""Making parts of a group: files that one query can read, each with its plain path and what the query must know of it.

Compressed files are unpacked first. A file that cannot take part is put among the unreadable ones, never dropped.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from grid_assets.domain.errors import UnreadableFileError
from grid_assets.domain.ingest_reasons import Reason
from grid_assets.pipeline.ingest.files import Container, Packing, UnreadableFile
from grid_assets.pipeline.ingest.groups import NumberedFile
from grid_assets.pipeline.ingest.readers import espi
from grid_assets.pipeline.ingest.readers.espi_feed import extract
from grid_assets.pipeline.ingest.readers.header import READING_COLUMNS, Header, read_header
from grid_assets.pipeline.ingest.readers.parquet import ParquetShape, parquet_source, read_shape
from grid_assets.pipeline.ingest.readers.text import csv_fields, jsonl_fields
from grid_assets.pipeline.ingest.relations import load
from grid_assets.pipeline.ingest.sanitise import sanitise
from grid_assets.pipeline.ingest.spool import refuse_unreadable, unpack
from grid_assets.pipeline.ingest.typed import RowSource

PREPARERS = 2
MOST_REFUSALS = 3
"""Files that are set apart one by one; when more of a part are bad, looking for each costs more than it saves."""
TEXT = (Container.CSV, Container.JSONL)
Unreadable = dict[int, UnreadableFile]


@dataclass(frozen=True)
class Member:
    """One file of a part: where its plain content lies, and what was learnt from it (an XML file's are its blocks)."""

    file: NumberedFile
    plain: Path
    shape: Header | ParquetShape | pa.Table | None = None

    @property
    def header_row(self) -> int:
        """Return the line that the header is; 0 where there is none."""
        return self.shape.line_number if isinstance(self.shape, Header) else 0

    @property
    def signature(self) -> tuple[object, ...]:
        """Return what members of one part share."""
        return self.shape.signature if isinstance(self.shape, Header | ParquetShape) else ()


@dataclass(frozen=True)
class Part:
    """Files of one container and one shape, in arrival order; marked ones went through the sanitiser."""

    container: Container
    members: tuple[Member, ...]
    is_marked: bool = False
    refusals: int = 0

    def source(self, connection: duckdb.DuckDBPyConnection) -> RowSource:
        """Return the files as one row source; what it needs beside them is bound in the connection."""
        paths = [member.plain for member in self.members]
        shape = self.members[0].shape
        if isinstance(shape, Header):
            return csv_fields(paths, shape, is_marked=self.is_marked).as_rows()
        if isinstance(shape, ParquetShape):
            return parquet_source(paths, shape)
        if self.container is Container.JSONL:
            return jsonl_fields(paths, READING_COLUMNS.known, is_marked=self.is_marked).as_rows()
        load(connection, espi.BLOCKS, espi.block_table([member.shape for member in self.members]))
        return espi.espi_source(paths)

    def after_refusal(self, message: str, scratch: Path, unreadable: Unreadable) -> tuple["Part", ...]:
        """Return what to read instead, after the engine refused this part.

        The file that the engine names is set apart from the others; where it names none, or after a few refusals, the
        part is halved. Text is sanitised, once a file is alone or too many were refused. A file that fails alone and
        for good is put among the unreadable ones.
        """
        is_stubborn = self.refusals >= MOST_REFUSALS
        if self.container in TEXT and not self.is_marked and (is_stubborn or len(self.members) == 1):
            return (replace(self, members=tuple(_sanitised(m, scratch) for m in self.members), is_marked=True),)
        if len(self.members) > 1:
            return self._cut("" if is_stubborn else message)
        member = self.members[0]
        reason = Reason.NOT_PARQUET if self.container is Container.PARQUET else Reason.UNREADABLE
        unreadable[member.file.number] = UnreadableFile.of(member.file.file, reason, message[:500])
        return ()

    def _cut(self, message: str) -> tuple["Part", ...]:
        named = [member for member in self.members if str(member.plain) in message]
        middle = len(self.members) // 2
        cuts = [self.members[:middle], self.members[middle:]]
        if len(named) == 1:
            cuts = [(named[0],), tuple(member for member in self.members if member is not named[0])]
        return tuple(replace(self, members=members, refusals=self.refusals + 1) for members in cuts)


def parts_of(group: Sequence[NumberedFile], scratch: Path, unreadable: Unreadable) -> Iterator[Part]:
    """Yield the parts of a group of one container; unpacked files live until the next part is asked for."""
    by_signature: dict[tuple[object, ...], list[Member]] = {}
    for member in _members(group, scratch, unreadable):
        by_signature.setdefault(member.signature, []).append(member)
    for same in by_signature.values():
        yield Part(group[0].format.container, tuple(same))
    for path in scratch.iterdir():
        path.unlink()


def _sanitised(member: Member, scratch: Path) -> Member:
    target = scratch / f"{member.file.number}.marked"
    sanitise(member.plain, target)
    return replace(member, plain=target)


def _members(group: Sequence[NumberedFile], scratch: Path, unreadable: Unreadable) -> list[Member]:
    def member_or_problem(file: NumberedFile) -> Member | UnreadableFile:
        try:
            return _member(file, scratch)
        except UnreadableFileError as error:
            return UnreadableFile.of(file.file, Reason(error.reason), str(error))

    with ThreadPoolExecutor(PREPARERS) as pool:
        outcomes = list(pool.map(member_or_problem, group))
    for file, outcome in zip(group, outcomes, strict=True):
        if isinstance(outcome, UnreadableFile):
            unreadable[file.number] = outcome
    return [outcome for outcome in outcomes if isinstance(outcome, Member)]


def _member(file: NumberedFile, scratch: Path) -> Member:
    name = file.file.name
    plain = file.file.path
    refuse_unreadable(plain)
    if file.format.packing is not Packing.NONE:
        plain = scratch / f"{file.number}.plain"
        unpack(file.file.path, file.format.packing, plain)
    if plain.stat().st_size == 0:
        raise UnreadableFileError(Reason.EMPTY_FILE, f"{name} holds nothing", "readings", "deliver the file again")
    match file.format.container:
        case Container.CSV:
            return Member(file, plain, read_header(plain, name))
        case Container.PARQUET:
            return Member(file, plain, read_shape(plain, name))
        case Container.XML:
            lines = scratch / f"{file.number}.lines"
            return Member(file, lines, extract(plain, lines, name))
        case Container.JSONL:
            return Member(file, plain)
