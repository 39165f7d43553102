"""What holds for any sequence of evolutions and appends: reads, filters and older snapshots agree with plain Python."""

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from resources.columnar import evolve_dataset, read_from_orc, save_to_orc, save_to_parquet
from resources.settings import GridSettings, load_settings
from tests.properties import examples

TYPES: dict[str, tuple[pa.DataType, ...]] = {
    "whole": (pa.int32(), pa.int64()),
    "number": (pa.float32(), pa.float64()),
    "money": (pa.decimal128(6, 2), pa.decimal128(12, 2), pa.decimal128(30, 2)),
    "text": (pa.string(),),
    "list": (pa.list_(pa.struct({"x": pa.int32()})),),
}
VALUES: dict[str, tuple[tuple[Any, ...], ...]] = {
    "whole": ((0, -1, 7), (2**40, -(2**63))),
    "number": ((0.5, -2.0), (0.1, 1e300)),
    "money": ((Decimal("1.50"), Decimal("-9.99")), (Decimal("1234567.25"),), (Decimal("9" * 27 + ".00"),)),
    "text": (("", "a", "ß"),),
    "list": (([], [{"x": 1}, None]),),
}
"""What each type can hold beyond the narrower ones."""
NAMES = ("a", "b", "c", "d")
KEY = "key"
STEPS = st.one_of(
    st.tuples(st.just("append"), st.integers(0, 2**16), st.integers(0, 5)),
    st.tuples(st.just("add"), st.sampled_from(NAMES), st.sampled_from(sorted(TYPES))),
    st.tuples(st.just("rename"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("widen"), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("drop"), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("again"), st.sampled_from(NAMES), st.sampled_from(sorted(TYPES))),
    st.tuples(st.just("reorder"), st.integers(0, 2**16), st.none()),
)
Row = dict[int, Any]


@dataclass(frozen=True)
class Known:
    """A column of the model: its number is never used again."""

    number: int
    kind: str
    width: int = 0

    @property
    def type(self) -> pa.DataType:
        """Return its Arrow type."""
        return TYPES[self.kind][self.width]


@dataclass
class Model:
    """A dataset in plain Python: columns by name, rows by the columns' numbers."""

    columns: dict[str, Known]
    rows: list[Row] = field(default_factory=list)
    used: int = 1

    def shown(self) -> list[str]:
        """Return the rows as text, sorted."""
        return sorted(repr([row.get(column.number) for column in self.columns.values()]) for row in self.rows)

    def new(self, kind: str) -> Known:
        """Return a column that there has not been yet."""
        self.used += 1
        return Known(self.used, kind)


class Tried:
    """A dataset, the model beside it, and what the model was at each snapshot."""

    def __init__(self, save: Callable[..., int], settings: GridSettings, partition_by: str | None) -> None:
        self.save, self.settings, self.partition_by = save, settings, partition_by
        self.model = Model({KEY: Known(0, "whole"), "a": Known(1, "text")})
        self.snapshots: dict[int, list[str]] = {}
        self.append(0, 3)

    def append(self, seed: int, count: int) -> None:
        source = random.Random(seed)
        rows = [{c.number: _value(source, c) for c in self.model.columns.values()} for _ in range(count)]
        names = list(self.model.columns)
        source.shuffle(names)
        columns = {n: self.model.columns[n] for n in names}
        frame = pa.table({n: pa.array([row[c.number] for row in rows], c.type) for n, c in columns.items()})
        snapshot = self.save(frame, "d", self.partition_by, mode="append", settings=self.settings)
        self.model.rows.extend(rows)
        self.snapshots[snapshot] = self.model.shown()

    def take(self, step: str, first: Any, second: Any) -> None:  # noqa: ANN401 - of the step
        columns = self.model.columns
        if step == "append":
            self.append(first, second)
        elif step == "add" and first not in columns:
            columns[first] = self.model.new(second)
            self.evolve(add={first: columns[first].type})
        elif step == "rename" and first in columns:
            self.rename(first, second)
        elif step == "widen" and first in columns and columns[first].width + 1 < len(TYPES[columns[first].kind]):
            columns[first] = replace(columns[first], width=columns[first].width + 1)
            self.evolve(widen={first: columns[first].type})
        elif step in {"drop", "again"} and first in columns:
            del columns[first]
            added = {first: self.model.new(second)} if step == "again" else {}
            columns.update(added)
            self.evolve(drop=[first], add={name: column.type for name, column in added.items()})
        elif step == "reorder":
            names = list(columns)
            random.Random(first).shuffle(names)
            self.model.columns = {name: columns[name] for name in names}
            self.evolve(reorder=names)

    def rename(self, first: str, second: str) -> None:
        changed = {first: second}
        if second in self.model.columns:
            changed[second] = first
        self.model.columns = {changed.get(name, name): column for name, column in self.model.columns.items()}
        self.evolve(rename=changed)

    def evolve(self, **how: Any) -> None:  # noqa: ANN401 - handed through
        assert evolve_dataset("d", settings=self.settings, **how) == tuple(self.model.columns)

    def check(self) -> None:
        """Assert that all rows, those of a filter on each column, and each snapshot's are what the model says."""
        assert self.read() == self.model.shown()
        for name, column in self.model.columns.items():
            values = [row.get(column.number) for row in self.model.rows]
            if column.kind != "list" and (there := [value for value in values if value is not None]):
                assert len(self.read([(name, "==", there[-1])])) == values.count(there[-1])
            assert len(self.read([(name, "is_null")])) == values.count(None)

    def read(self, filters: list[Any] | None = None, as_of: int | None = None) -> list[str]:
        found = read_from_orc("d", filters, as_of=as_of, as_="arrow", settings=self.settings)
        assert as_of is not None or found.column_names == list(self.model.columns)
        return sorted(repr(list(row.values())) for row in found.to_pylist())


def _value(source: random.Random, column: Known) -> object:
    if column.number == 0:
        return source.randrange(3)
    values = [value for level in VALUES[column.kind][: column.width + 1] for value in level]
    value = source.choice([None, *values])
    return pa.scalar(value, column.type).as_py() if column.kind == "number" else value


@examples(10)
@given(
    st.sampled_from([save_to_parquet, save_to_orc]),
    st.sampled_from([None, KEY]),
    st.lists(STEPS, min_size=1, max_size=8),
)
def test_evolutions__in_any_order_agree_with_plain_python(
    save: Callable[..., int], partition_by: str | None, steps: list[tuple[str, Any, Any]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tried = Tried(save, load_settings(home=Path(folder), threads=1), partition_by)
        for step in steps:
            tried.take(*step)
            assert tried.read() == tried.model.shown()
        tried.check()
        tried.append(1, 2)
        tried.check()
        for snapshot, shown in tried.snapshots.items():
            assert tried.read(as_of=snapshot) == shown
