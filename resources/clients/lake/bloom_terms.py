"""Filters asked of bloom filters: equalities that no row can meet, where the filter of their column says so."""

from collections.abc import Collection, Mapping
from typing import Any

from pyiceberg.expressions import AlwaysFalse, And, BooleanExpression, BoundEqualTo, BoundIn, BoundPredicate, Or
from pyiceberg.types import DateType, IntegerType, LongType, StringType

from resources.clients.engines.orc.bloom import BloomFilter, hash_of_text, hash_of_whole


def can_contain(bound: BooleanExpression, blooms: Mapping[int, BloomFilter]) -> bool:
    """Return whether rows can meet a bound filter, by the bloom filters of columns by field id; False is certain."""
    if isinstance(bound, And):
        return can_contain(bound.left, blooms) and can_contain(bound.right, blooms)
    if isinstance(bound, Or):
        return can_contain(bound.left, blooms) or can_contain(bound.right, blooms)
    if isinstance(bound, BoundEqualTo):
        return _any(bound, [bound.literal.value], blooms)
    if isinstance(bound, BoundIn):
        return _any(bound, bound.value_set, blooms)
    return not isinstance(bound, AlwaysFalse)


def _any(bound: BoundPredicate, values: Collection[Any], blooms: Mapping[int, BloomFilter]) -> bool:
    field = bound.term.ref().field
    bloom = blooms.get(field.field_id)
    if bloom is None:
        return True
    if isinstance(field.field_type, StringType):
        return any(bloom.can_contain(hash_of_text(value)) for value in values)
    if isinstance(field.field_type, IntegerType | LongType | DateType):
        return any(bloom.can_contain(hash_of_whole(value)) for value in values)
    return True
