"""The Tantivy engine beyond its promises: schemas, lines, sums that stay exact, and what happens beside it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from grid_assets.domain.errors import InputError, SearchError
from grid_assets.domain.search.documents import READING_KINDS, document_kinds
from grid_assets.domain.search.fields import Role
from grid_assets.domain.search.request import SearchRequest
from resources.clients.search.base import DaySum
from resources.clients.search.tantivy_engine import TantivyEngine
from resources.clients.search.tantivy_index import day_number, day_of
from resources.clients.search.tantivy_lines import document_lines
from resources.clients.search.tantivy_schema import build_schema, schema_hash, shape_hash
from tests.contract.search.things import THINGS, Thing, checksum, documents, withdrawn

KIND = THINGS.name
DAY = date(2016, 3, 27)
NOON = datetime(2016, 3, 27, 12, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[TantivyEngine]:
    made = TantivyEngine(tmp_path / "search", (THINGS,))
    yield made
    made.close()


def _made_live(engine: TantivyEngine, things: dict[str, Thing]) -> str:
    name = engine.create(KIND, NOON)
    engine.load(KIND, name, documents(things).to_batches())
    engine.finish(KIND, name)
    engine.promote(KIND, name)
    return name


def _things(count: int) -> dict[str, Thing]:
    return {f"t{n}": Thing(DAY, 1, float(n)) for n in range(count)}


@pytest.mark.parametrize("kind", [*document_kinds("hour"), READING_KINDS["raw"]])
def test_build_schema__takes_every_kind(kind: object) -> None:
    assert build_schema(kind) is not None  # type: ignore[arg-type]


def test_hashes__tell_a_new_query_from_new_fields() -> None:
    other_query = replace(THINGS, sql="SELECT 1")
    other_field = replace(THINGS, fields=THINGS.fields[1:])
    other_role = replace(THINGS, fields=(replace(THINGS.fields[0], role=Role.WORDS), *THINGS.fields[1:]))
    assert shape_hash(other_query) == shape_hash(THINGS)
    assert schema_hash(other_query) != schema_hash(THINGS)
    assert len({shape_hash(kind) for kind in (THINGS, other_field, other_role)}) == 3


def test_document_lines__splice_the_source_as_it_stands() -> None:
    table = documents({'a"\\b': Thing(DAY, 7, 1.5, "Öl")})
    ((line,),) = document_lines(THINGS, table.to_batches())
    found = json.loads(line)
    assert (found["id"], found["_version"], found["_day"], found["_removed"]) == ('a"\\b', 7, 20160327, False)
    assert (found["_high"] << 16) + found["_low"] == checksum(table["source"][0].as_py())
    assert (found["words"], found["size"]) == ("Öl", 1.5)


@pytest.mark.parametrize("source", ["{}", "{ }", '{"size":1} ', '{"size":1}', '{"size":1,"thing_id":null}'])
def test_document_lines__are_json_whatever_the_source_holds(source: str) -> None:
    table = documents({"a": Thing(DAY, 1, 1.0)})
    batches = table.set_column(3, table.schema.field(3), [[source]]).to_batches()
    ((line,),) = document_lines(THINGS, batches)
    assert json.loads(line).get("size") == json.loads(source).get("size")


@pytest.mark.parametrize("source", ["", "[]", "nonsense", "{nonsense", ' {"size":1}'])
def test_apply__refuses_a_source_that_is_no_object(engine: TantivyEngine, source: str) -> None:
    name = _made_live(engine, _things(1))
    table = documents(_things(1))
    with pytest.raises(SearchError, match="a JSON object"):
        engine.apply(KIND, name, table.set_column(3, table.schema.field(3), [[source]]), withdrawn({}))
    assert engine.sums(KIND, name)[DAY].documents == 1


def test_day_number__goes_back_and_forth() -> None:
    assert day_number(DAY) == 20160327
    assert day_of(20160327) == DAY


def test_sums__are_exact_over_many_documents(engine: TantivyEngine) -> None:
    things = _things(3000)
    name = _made_live(engine, things)
    expected = sum(checksum(thing.source(key)) for key, thing in things.items())
    assert engine.sums(KIND, name) == {DAY: DaySum(3000, expected)}


def test_live__is_none_for_an_index_of_another_query_but_searches_go_on(tmp_path: Path) -> None:
    name = _made_live(TantivyEngine(tmp_path, (THINGS,)), _things(2))
    newer = TantivyEngine(tmp_path, (replace(THINGS, sql="SELECT 1"),))
    assert newer.live(KIND) is None
    assert newer.search(SearchRequest(KIND)).total == 2
    assert [version.name for version in newer.indices(KIND) if version.is_live] == [name]


def test_search__refuses_an_index_with_other_fields(tmp_path: Path) -> None:
    _made_live(TantivyEngine(tmp_path, (THINGS,)), _things(2))
    newer = TantivyEngine(tmp_path, (replace(THINGS, fields=THINGS.fields[1:]),))
    with pytest.raises(SearchError, match="grid reindex"):
        newer.search(SearchRequest(KIND))


def test_search__of_a_kind_without_an_index_says_what_to_do(engine: TantivyEngine) -> None:
    with pytest.raises(SearchError, match="grid reindex"):
        engine.search(SearchRequest(KIND))
    with pytest.raises(InputError, match="one of things"):
        engine.search(SearchRequest("ghosts"))
    with pytest.raises(SearchError, match="one of things"):
        engine.live("ghosts")


def test_search__finds_the_new_index_after_the_old_one_is_gone(tmp_path: Path) -> None:
    writer, reader = (TantivyEngine(tmp_path, (THINGS,)) for _ in range(2))
    _made_live(writer, _things(2))
    assert reader.search(SearchRequest(KIND)).total == 2
    name = _made_live(writer, _things(3))
    writer.prune(KIND, 0)
    page = reader.search(SearchRequest(KIND))
    assert (page.total, page.index) == (3, name)


def test_live__is_none_where_the_index_was_deleted_by_hand(engine: TantivyEngine) -> None:
    name = _made_live(engine, _things(2))
    (engine.folder / KIND / name / "about.json").unlink()
    assert engine.live(KIND) is None
    with pytest.raises(SearchError, match="grid reindex"):
        engine.search(SearchRequest(KIND))


def test_indices__say_size_and_count(engine: TantivyEngine) -> None:
    name = _made_live(engine, _things(5))
    engine.apply(KIND, name, documents({}), withdrawn({"t0": 2}))
    (version,) = engine.indices(KIND)
    assert (version.name, version.documents, version.is_live, version.was_live) == (name, 4, True, True)
    assert version.bytes > 1000


def test_load__of_a_damaged_index_says_so(engine: TantivyEngine) -> None:
    name = engine.create(KIND, NOON)
    (engine.folder / KIND / name / "meta.json").write_text("{")
    with pytest.raises(SearchError, match="cannot be"):
        engine.load(KIND, name, documents(_things(1)).to_batches())
