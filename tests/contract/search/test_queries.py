"""The conformance suite of queries on every search backend that this machine has."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.clients.search.base import SearchEngine
from tests.contract.search.queries import QUERY_BACKENDS, hold, judge
from tests.contract.search.queries_corpus import filled
from tests.contract.search.queries_judgments import JUDGMENTS, Judgment


@pytest.fixture(scope="module", params=QUERY_BACKENDS)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchEngine]:
    made = filled(QUERY_BACKENDS[request.param], Path(tmp_path_factory.mktemp("search")))
    yield made
    made.close()


def test_queries__any_request_is_answered_as_by_reading_every_document(engine: SearchEngine) -> None:
    hold(engine, usual=150)


@pytest.mark.parametrize("judgment", JUDGMENTS, ids=lambda judgment: f"{judgment.kind}: {judgment.query}")
def test_queries__what_people_mean_comes_first(engine: SearchEngine, judgment: Judgment) -> None:
    judge(engine, judgment)
