"""Filters of the published reads: terms of (column, operator, value), as an Iceberg expression and as bound SQL.

A list of terms is AND; a list of such lists is OR of them. Nulls match `is_null` alone, and NaN, which is a value,
matches `!=` and `not in` alone, whatever file the row stands in.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeAlias

import pyarrow as pa
from pyarrow import types as at
from pyiceberg.expressions import (
    AlwaysTrue,
    And,
    BooleanExpression,
    EqualTo,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNull,
    LessThan,
    LessThanOrEqual,
    NotEqualTo,
    NotIn,
    NotNull,
    Or,
    Reference,
)
from pyiceberg.schema import Schema
from pyiceberg.types import DoubleType, FloatType, NestedField

from grid_assets.domain.errors import InputError
from grid_assets.domain.projections.sql import quote
from resources.clients.lake.types import arrow_type

Term: TypeAlias = tuple[Any, ...]
Filters: TypeAlias = Sequence[Term | Sequence[Term]]

_COMPARISONS: dict[str, tuple[str, Any]] = {
    "=": ("=", EqualTo),
    "==": ("=", EqualTo),
    "!=": ("<>", NotEqualTo),
    "<": ("<", LessThan),
    "<=": ("<=", LessThanOrEqual),
    ">": (">", GreaterThan),
    ">=": (">=", GreaterThanOrEqual),
}
_MEMBERSHIPS: dict[str, tuple[str, Any]] = {"in": ("IN", In), "not in": ("NOT IN", NotIn)}
OPERATORS = (*_COMPARISONS, *_MEMBERSHIPS, "is_null")
_PARTS = 3
_EXAMPLE = 'terms such as ("value", ">", 200)'


@dataclass(frozen=True)
class Condition:
    """A filter in two forms that agree: an expression that prunes files, and SQL that judges rows.

    `sql` is empty for every row; its `?` stand for the parameters in order. `columns` are those that it looks at.
    """

    expression: BooleanExpression
    sql: str
    parameters: tuple[Any, ...]
    columns: frozenset[str] = frozenset()


EVERY_ROW = Condition(AlwaysTrue(), "", ())


def condition(filters: Any, schema: Schema) -> Condition:  # noqa: ANN401 - it is here that its form is checked
    """Return filters as a condition on a schema's columns; None and an empty list are met by every row.

    Raises:
        InputError: If a term is malformed, names an unknown column, or its value is not of the column's type.
    """
    if filters is None:
        return EVERY_ROW
    if not isinstance(filters, list):
        raise InputError(f"the filters {filters!r}", f"a list of {_EXAMPLE}", "put the term into a list")
    groups = filters if filters and all(isinstance(group, list) for group in filters) else [filters]
    return _joined([_joined([_term(t, schema) for t in group], And, "AND") for group in groups], Or, "OR")


def _joined(parts: list[Condition], join: Callable[..., BooleanExpression], word: str) -> Condition:
    if not parts or EVERY_ROW in parts:
        return EVERY_ROW
    if len(parts) == 1:
        return parts[0]
    expression = join(*(part.expression for part in parts))
    sql = f" {word} ".join(f"({part.sql})" for part in parts)
    columns = frozenset(name for part in parts for name in part.columns)
    return Condition(expression, sql, tuple(value for part in parts for value in part.parameters), columns)


def _term(term: Any, schema: Schema) -> Condition:  # noqa: ANN401 - it is here that its form is checked
    if isinstance(term, tuple) and term[1:] == ("is_null",):
        term = (*term, True)
    if not isinstance(term, tuple) or len(term) != _PARTS or not all(isinstance(part, str) for part in term[:2]):
        raise InputError(f"the filter term {term!r}", f"(column, operator, value), {_EXAMPLE}")
    name, operator, value = term
    fields = {field.name: field for field in schema.fields}
    if name not in fields:
        raise InputError(f"a filter on the column {name!r}", f"one of {', '.join(fields)}")
    return replace(_of_operator(fields[name], operator, value), columns=frozenset({name}))


def _of_operator(field: NestedField, operator: str, value: Any) -> Condition:  # noqa: ANN401 - as in the term
    if operator == "is_null":
        return _null_term(field, is_null=value)
    if operator in _COMPARISONS:
        return _comparison(field, operator, value)
    if operator in _MEMBERSHIPS:
        return _membership(field, operator, value)
    raise InputError(f"the filter operator {operator!r}", f"one of {', '.join(OPERATORS)}")


def _null_term(field: NestedField, *, is_null: object) -> Condition:
    if not isinstance(is_null, bool):
        raise InputError(f'("{field.name}", "is_null", {is_null!r})', "True for null, False for not null")
    reference = Reference(field.name)
    if is_null:
        return Condition(IsNull(term=reference), f"{quote(field.name)} IS NULL", ())
    return Condition(NotNull(term=reference), f"{quote(field.name)} IS NOT NULL", ())


def _comparison(field: NestedField, operator: str, value: object) -> Condition:
    word, expression = _COMPARISONS[operator]
    typed, is_exact = _value(field, value)
    column = quote(field.name)
    sql = f"{column} {word} ?"
    if operator in {">", ">="} and isinstance(field.field_type, FloatType | DoubleType):
        # SQL sorts NaN above every number; bounds of files leave it out.
        sql += f" AND NOT isnan({column})"
    return Condition(expression(Reference(field.name), typed) if is_exact else AlwaysTrue(), sql, (typed,))


def _membership(field: NestedField, operator: str, values: object) -> Condition:
    if isinstance(values, str | bytes) or not isinstance(values, Collection):
        raise InputError(f"the value {values!r} of {operator!r}", "a list, tuple or set of values")
    word, expression = _MEMBERSHIPS[operator]
    column = quote(field.name)
    if not values:
        return Condition(AlwaysTrue(), "FALSE" if operator == "in" else f"{column} IS NOT NULL", ())
    typed = [_value(field, value) for value in values]
    exact = tuple(value for value, is_exact in typed if is_exact)
    prunes = expression(Reference(field.name), exact) if len(exact) == len(typed) else AlwaysTrue()
    sql = f"{column} {word} ({', '.join('?' for _ in typed)})"
    return Condition(prunes, sql, tuple(value for value, _ in typed))


def _value(field: NestedField, value: object) -> tuple[Any, bool]:
    """Return a value as one of the column's type, and whether it is exactly that (200.5 is no integer)."""
    kind = arrow_type(field.field_type)
    given = _scalar(field, value)
    if at.is_decimal(kind) and (at.is_floating(given.type) or at.is_integer(given.type)):
        given = _scalar(field, Decimal(str(given.as_py())))
    if _kind_of(given.type) is not _kind_of(kind) and not (at.is_string(given.type) and at.is_temporal(kind)):
        raise _misfit(field, value)
    if at.is_timestamp(given.type) and (given.type.tz is None) is not (kind.tz is None):
        raise _misfit(field, value, "an instant with an offset" if kind.tz else "a local time without an offset")
    try:
        return given.cast(kind).as_py(), True
    except pa.ArrowException as error:
        if _kind_of(kind) is _is_number:
            return given.as_py(), False
        raise _misfit(field, value) from error


def _scalar(field: NestedField, value: object) -> pa.Scalar:
    try:
        given = pa.scalar(value)
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        raise _misfit(field, value) from error
    if not given.is_valid or value != value:  # noqa: PLR0124 - NaN is the one value that differs from itself
        raise InputError(
            f"the value {value!r} in a filter on {field.name!r}", "a value", f'("{field.name}", "is_null", True)'
        )
    return given


def _is_number(kind: pa.DataType) -> bool:
    return bool(at.is_integer(kind) or at.is_floating(kind) or at.is_decimal(kind))


_FAMILIES: tuple[Callable[[pa.DataType], bool], ...] = (
    at.is_boolean,
    _is_number,
    lambda t: at.is_string(t) or at.is_large_string(t),
    lambda t: at.is_binary(t) or at.is_large_binary(t),
    at.is_timestamp,
    at.is_date,
    at.is_time,
)


def _kind_of(kind: pa.DataType) -> Callable[[pa.DataType], bool] | None:
    return next((family for family in _FAMILIES if family(kind)), None)


def _misfit(field: NestedField, value: object, expected: str = "") -> InputError:
    return InputError(
        f"the value {value!r} of the type {type(value).__name__} in a filter on {field.name!r}",
        expected or f"a value that compares with {field.field_type}",
    )


def columns_of(columns: Iterable[str] | None, schema: Schema) -> tuple[str, ...]:
    """Return the columns to read, all of the schema's where none are named.

    Raises:
        InputError: If one does not exist or is named twice, or the list is empty.
    """
    known = [field.name for field in schema.fields]
    if columns is None:
        return tuple(known)
    if isinstance(columns, str):
        raise InputError(f"the columns {columns!r}", "a list of column names", f"columns=[{columns!r}]")
    wanted = tuple(columns)
    if not wanted or len(set(wanted)) != len(wanted) or not set(wanted) <= set(known):
        raise InputError(f"the columns {list(wanted)}", f"some of {', '.join(known)}, each once")
    return wanted
