"""Moving an Iceberg warehouse to another path: every file of its metadata names others by their full location."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyiceberg.avro.file import AvroFile, AvroOutputFile
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.schema import Schema
from pyiceberg.typedef import Record
from pyiceberg.types import StructType

MANIFEST_PATH, MANIFEST_LENGTH, DATA_FILE, DATA_PATH = 500, 501, 2, 100
_GIVEN_BY_WRITER = frozenset({"avro.schema"})


def relocate(warehouse: Path, old: str, new: str) -> None:
    """Rewrite the metadata under a warehouse, so that locations that began with one prefix begin with another."""
    files = sorted(warehouse.rglob("metadata/*.avro"))
    lists = [path for path in files if path.name.startswith("snap-")]
    manifests = [path for path in files if path not in lists]
    lengths = {path.name: _rewrite(path, old, new, {}) for path in manifests}
    for path in lists:
        _rewrite(path, old, new, lengths)
    for path in sorted(warehouse.rglob("metadata/*.metadata.json")):
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def _rewrite(path: Path, old: str, new: str, lengths: dict[str, int]) -> int:
    """Rewrite a manifest, or a list of manifests whose new lengths are given, and return its own."""
    io = PyArrowFileIO()
    with AvroFile[Record](io.new_input(str(path))) as file:
        schema, header = file.schema, dict(file.header.meta)
        records = [_moved(record, schema.as_struct(), old, new, lengths) for record in file]
    metadata = {name: value for name, value in header.items() if name not in _GIVEN_BY_WRITER}
    name = "manifest_file" if path.name.startswith("snap-") else "manifest_entry"
    with AvroOutputFile[Record](io.new_output(str(path)), Schema(*schema.fields), name, metadata=metadata) as output:
        output.write_block(records)
    return path.stat().st_size


def _moved(record: Record, struct: StructType, old: str, new: str, lengths: dict[str, int]) -> Record:
    values: dict[int, Any] = dict(zip((f.field_id for f in struct.fields), _values(record, struct), strict=True))
    if DATA_FILE in values:
        inner = next(field.field_type for field in struct.fields if field.field_id == DATA_FILE)
        assert isinstance(inner, StructType)
        values[DATA_FILE] = _moved(values[DATA_FILE], inner, old, new, lengths)
    for number in (MANIFEST_PATH, DATA_PATH):
        if number in values:
            values[number] = values[number].replace(old, new, 1)
    if MANIFEST_LENGTH in values:
        values[MANIFEST_LENGTH] = lengths[Path(values[MANIFEST_PATH]).name]
    return Record(*values.values())


def _values(record: Record, struct: StructType) -> Iterator[Any]:
    return (record[position] for position in range(len(struct.fields)))
