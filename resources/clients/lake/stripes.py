"""Which stripes of ORC files can hold rows of a filter, by their statistics, row groups and bloom filters.

A stripe is the least that is read. First its own bounds are asked, as those of a whole file are; then, of those that
may match, the bounds and the bloom filters of each of its row groups, until one may match.
"""

from collections.abc import Iterable

from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.expressions.visitors import _InclusiveMetricsEvaluator, extract_field_ids
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema

from grid_assets.domain.errors import LakeError
from resources.clients.engines.layout import ORC
from resources.clients.engines.orc.bloom import BloomFilter
from resources.clients.engines.orc.bounds import column_statistics, is_counted
from resources.clients.engines.orc.index import row_groups
from resources.clients.engines.orc.protobuf import Message
from resources.clients.engines.orc.tail import OrcColumn, OrcTail, read_tail
from resources.clients.lake.bloom_terms import can_contain
from resources.clients.lake.datafiles import metrics_of


def stripes_of(paths: Iterable[str], where: BooleanExpression, schema: Schema) -> dict[str, tuple[int, ...]]:
    """Return for each ORC file the numbers of the stripes to read; other files, and those not judged, are left out.

    Raises:
        MissingDataFileError: If a file is gone.
    """
    if isinstance(where, AlwaysTrue):
        return {}
    judge = _Judge(where, schema)
    found: dict[str, tuple[int, ...]] = {}
    for path in paths:
        if path.endswith(ORC):
            try:
                found[path] = judge.stripes(read_tail(path))
            except LakeError:
                # Damaged, or of a codec that is not known here: the reader itself has the say.
                continue
    return found


class _Judge:
    def __init__(self, where: BooleanExpression, schema: Schema) -> None:
        self._evaluator = _InclusiveMetricsEvaluator(schema, where)
        self._schema = schema
        self._ids = extract_field_ids(self._evaluator.expr)

    def stripes(self, tail: OrcTail) -> tuple[int, ...]:
        return tuple(number for number in range(len(tail.stripes)) if self._may_match(tail, number))

    def _may_match(self, tail: OrcTail, number: int) -> bool:
        rows = tail.stripes[number].rows
        if number < len(tail.stripe_statistics):
            statistics = tail.stripe_statistics[number]
            known = {c: statistics[c.number] for c in self._columns(tail) if c.number < len(statistics)}
            if not self._evaluator.eval(self._entry(known, rows)):
                return False
        groups = row_groups(tail, number, self._columns(tail))
        return not groups or any(self._group_may_match(group.rows, group.statistics, group.blooms) for group in groups)

    def _group_may_match(
        self, rows: int, statistics: dict[OrcColumn, Message], blooms: dict[OrcColumn, BloomFilter]
    ) -> bool:
        if not self._evaluator.eval(self._entry(statistics, rows)):
            return False
        return can_contain(self._evaluator.expr, {c.field_id: b for c, b in blooms.items() if c.field_id is not None})

    def _columns(self, tail: OrcTail) -> list[OrcColumn]:
        return [column for column in tail.columns if column.field_id in self._ids]

    def _entry(self, statistics: dict[OrcColumn, Message], rows: int) -> DataFile:
        counted = {c: found for c, found in statistics.items() if is_counted(found)}
        known = {c.field_id: column_statistics(c, found, rows) for c, found in counted.items() if c.field_id}
        return metrics_of(self._schema, known, rows)
