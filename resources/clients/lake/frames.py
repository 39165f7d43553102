"""Tables of data, in and out: pandas, Polars and Arrow to checked Arrow data of normal types, and back."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pyarrow as pa
from pyarrow import types as at

from grid_assets.domain.errors import InputError, SchemaError
from resources.clients.lake.types import normal_type

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Frame: TypeAlias = "pd.DataFrame | pl.DataFrame | pa.Table | pa.RecordBatchReader"
Form = Literal["pandas", "polars", "arrow"]
_TAKEN_AS_THEY_ARE = frozenset(
    {
        *(pa.int8(), pa.int16(), pa.uint8(), pa.uint16(), pa.uint32()),
        *(pa.large_string(), pa.string_view(), pa.large_binary(), pa.binary_view()),
    }
)
"""Types that an engine widens without loss, so that no copy in the normal type is made first."""
_RESERVED = frozenset({"__duckdb_field_id"})
FORMS: tuple[Form, ...] = ("pandas", "polars", "arrow")


def arrow_data(frame: object) -> pa.Table | pa.RecordBatchReader:
    """Return a frame as Arrow data of the types that the lake keeps, every column checked.

    A pandas index of plain row numbers is left out; any other becomes columns, named as `reset_index` names them.

    Raises:
        InputError: If the object is no frame.
        SchemaError: If a column's name, type or values cannot be kept.
    """
    data = _arrow(frame)
    schema = normal_schema(data.schema)
    if isinstance(data, pa.Table):
        return _cast(data.replace_schema_metadata(), schema)
    return pa.RecordBatchReader.from_batches(_engine_schema(data.schema, schema), _cast_batches(data, schema))


def normal_schema(schema: pa.Schema) -> pa.Schema:
    """Return the columns as the lake keeps them, all nullable.

    Raises:
        SchemaError: If there is no column, a name is empty or doubled whatever its case, or a type cannot be kept.
    """
    seen: dict[str, str] = {}
    for name in schema.names:
        if not name or not name.isprintable() or name in _RESERVED:
            raise SchemaError(f"a column is named {name!r}", "another name, of printable characters", "rename it")
        if (other := seen.setdefault(name.lower(), name)) != name or schema.names.count(name) > 1:
            raise SchemaError(
                f"the columns {other!r} and {name!r} differ in case at most",
                "names that differ otherwise",
                "rename one",
            )
    if not schema.names:
        raise SchemaError("the frame has no column", "at least one")
    return pa.schema([pa.field(field.name, normal_type(field.name, field.type)) for field in schema])


def check_form(form: str) -> None:
    """Make sure that a form can be returned, before anything is read.

    Raises:
        InputError: If it is none of the three.
    """
    if form not in FORMS:
        raise InputError(f"the form {form!r}", f"one of {', '.join(FORMS)}")


def as_form(table: pa.Table, form: Form) -> Any:  # noqa: ANN401 - the published call's overloads say which
    """Return an Arrow table as a pandas or Polars frame, or as it is."""
    if form == "arrow":
        return table
    if form == "pandas":
        return table.to_pandas()
    import polars as pl  # noqa: PLC0415 - loaded only where it is wanted

    return pl.from_arrow(table)


def _arrow(frame: object) -> pa.Table | pa.RecordBatchReader:
    if isinstance(frame, pa.Table | pa.RecordBatchReader):
        return frame
    if isinstance(frame, pa.RecordBatch):
        return pa.Table.from_batches([frame])
    library, kind = type(frame).__module__.partition(".")[0], type(frame).__name__
    if library == "pandas" and kind == "DataFrame":
        return _from_pandas(frame)
    if library == "polars" and kind == "DataFrame":
        return frame.to_arrow()  # type: ignore[attr-defined]
    raise InputError(
        f"a {type(frame).__module__}.{kind} to save",
        "a pandas or Polars DataFrame, an Arrow table or an Arrow record batch reader",
        "call .collect() on a lazy frame" if kind == "LazyFrame" else "",
    )


def _from_pandas(frame: Any) -> pa.Table:  # noqa: ANN401 - pandas is loaded only by those who use it
    import pandas as pd  # noqa: PLC0415

    if names := [name for name in frame.columns if not isinstance(name, str)]:
        raise SchemaError(f"columns named {names[:5]}", "names that are text", "df.columns = df.columns.map(str)")
    try:
        plain = frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()
        return pa.Table.from_pandas(plain, preserve_index=False)
    except ValueError as error:
        # Of pandas for an index named as a column is; of Arrow for values of several types in one column.
        raise SchemaError(f"the pandas frame cannot be taken: {error}", "one type of values per column") from error
    except pa.ArrowException as error:
        raise SchemaError(f"the pandas frame cannot be taken: {error}", "one type of values per column") from error


def _cast(table: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = [_cast_column(table.column(i), field) for i, field in enumerate(schema)]
    return pa.table(columns, schema=_engine_schema(table.schema, schema))


def _cast_batches(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        yield from _cast(pa.Table.from_batches([batch]), schema).to_batches()


def _cast_column(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    if at.is_nested(column.type) and any(chunk.offset for chunk in column.chunks):
        # Engines refuse to convert a slice of a struct, so the slice is made an array of its own.
        column = column.take(pa.arange(0, len(column)))
    if _is_taken_as_is(column.type, field.type):
        return column
    try:
        return column.cast(field.type)
    except pa.ArrowException as error:
        raise SchemaError(
            f"values of the column {field.name!r} do not fit: {error}",
            f"values that {field.type} holds without loss",
            "round or convert the column before it is saved",
        ) from error


def _engine_schema(given: pa.Schema, normal: pa.Schema) -> pa.Schema:
    """Return the types that an engine is given: the normal ones, or those that every engine widens by itself."""
    types = [k if _is_taken_as_is(k, field.type) else field.type for field, k in zip(normal, given.types, strict=True)]
    return pa.schema([pa.field(field.name, kind) for field, kind in zip(normal, types, strict=True)])


def _is_taken_as_is(kind: pa.DataType, normal: pa.DataType) -> bool:
    if at.is_dictionary(kind):
        return bool(at.is_string(kind.value_type) or at.is_large_string(kind.value_type))
    return kind == normal or kind in _TAKEN_AS_THEY_ARE
