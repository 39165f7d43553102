"""What tells the two formats of datasets apart: their compressions, and the table properties that say how to write.

A dataset has one format, kept where every Iceberg writer looks for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pyiceberg.schema import Schema
from pyiceberg.types import DateType, IntegerType, LongType, NestedField, StringType

from grid_assets.domain.errors import InputError, SchemaError
from resources.clients.engines.layout import ORC, PARQUET
from resources.clients.engines.orc.write import STRIPE_BYTES

FORMAT_PROPERTY = "write.format.default"
BLOOM_PROPERTY = "write.orc.bloom.filter.columns"
_STRIPE_PROPERTY = "write.orc.stripe-size-bytes"
_BLOOM_TYPES = (StringType, IntegerType, LongType, DateType)


@dataclass(frozen=True)
class FileFormat:
    """A format of data files: what it is called, how it may be compressed, and the property that says which is used."""

    name: str
    title: str
    compressions: tuple[str, ...]
    compression_property: str


FORMATS: Mapping[str, FileFormat] = {
    PARQUET: FileFormat(PARQUET, "Parquet", ("snappy", "gzip", "brotli", "zstd"), "write.parquet.compression-codec"),
    ORC: FileFormat(ORC, "ORC", ("zstd", "zlib", "snappy"), "write.orc.compression-codec"),
}


def format_of(properties: Mapping[str, str]) -> FileFormat:
    """Return the format of a table by its properties; Parquet where they do not say.

    Raises:
        SchemaError: If it is one that is not written here.
    """
    name = properties.get(FORMAT_PROPERTY, PARQUET).lower()
    if name not in FORMATS:
        raise SchemaError(f"a table of {name} files", f"one of {', '.join(FORMATS)}", "overwrite it in one of these")
    return FORMATS[name]


def check_compression(file_format: FileFormat, compression: str) -> None:
    """Make sure that a format can be compressed so.

    Raises:
        InputError: If it cannot.
    """
    if compression not in file_format.compressions:
        raise InputError(
            f"the compression {compression!r}", f"one of {', '.join(file_format.compressions)} for {file_format.title}"
        )


def bloom_columns(schema: Schema, partition_by: tuple[str, ...], wanted: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the columns that get bloom filters: those asked for, or all of text but those that partition.

    Raises:
        InputError: If a column does not exist or has a type without them.
    """
    able = [field.name for field in schema.fields if isinstance(field.field_type, _BLOOM_TYPES)]
    if wanted is None:
        return tuple(f.name for f in schema.fields if _is_text(f) and f.name not in partition_by)
    if wrong := [name for name in wanted if name not in able]:
        raise InputError(
            f"bloom_filters {wrong}", f"columns of text, whole numbers or dates: {', '.join(able) or 'there are none'}"
        )
    return tuple(dict.fromkeys(wanted))


def properties_of(file_format: FileFormat, compression: str, blooms: tuple[str, ...]) -> dict[str, str]:
    """Return the table properties that make other writers write as this project does."""
    found = {FORMAT_PROPERTY: file_format.name, file_format.compression_property: compression}
    if file_format.name == ORC:
        found |= {BLOOM_PROPERTY: ",".join(blooms), _STRIPE_PROPERTY: str(STRIPE_BYTES)}
    return found


def _is_text(field: NestedField) -> bool:
    return isinstance(field.field_type, StringType)
