"""The test of the test: the suite of queries fails on engines with one realistic bug each."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pytest

from grid_assets.domain.search.geo import box_around
from grid_assets.domain.search.request import Bound, SearchPage, SearchRequest, Window
from resources.clients.search.base import WITHDRAWN, Applied
from resources.clients.search.tantivy_engine import TantivyEngine
from tests.contract.search.queries import hold
from tests.contract.search.queries_corpus import filled

ENOUGH = 150


class Square(TantivyEngine):
    """Takes the box around a circle for the circle."""

    def search(self, request: SearchRequest, index: str | None = None) -> SearchPage:
        if request.near is None or request.box is not None:
            return super().search(request, index)
        asked = replace(request, near=replace(request.near, kilometres=25_000.0), box=box_around(request.near))
        return super().search(asked, index)


class Exclusive(TantivyEngine):
    """Leaves the lower end of a range out."""

    def search(self, request: SearchRequest, index: str | None = None) -> SearchPage:
        windows = {name: Window(_past(window.low), window.high) for name, window in request.windows.items()}
        crossed = any(w.low is not None and w.high is not None and w.low > w.high for w in windows.values())  # type: ignore[operator]
        return super().search(request if crossed else replace(request, windows=windows), index)


class EarlyFacets(TantivyEngine):
    """Counts facets over what the words find, before the filters."""

    def search(self, request: SearchRequest, index: str | None = None) -> SearchPage:
        page = super().search(request, index)
        whole = super().search(replace(request, exact={}, windows={}, after=None), index)
        return replace(page, facets=whole.facets)


class Undead(TantivyEngine):
    """Goes on finding documents that were removed."""

    def apply(self, kind: str, index: str, documents: pa.Table, withdrawn: pa.Table) -> Applied:
        del withdrawn
        return super().apply(kind, index, documents, WITHDRAWN.empty_table())


class Unsteady(TantivyEngine):
    """Gives ties in the order that the index happens to have."""

    def search(self, request: SearchRequest, index: str | None = None) -> SearchPage:
        page = super().search(request, index)
        groups = groupby(page.hits, key=lambda hit: (hit.score, hit.fields.get(request.sort.removeprefix("-"), hit.id)))
        return replace(page, hits=tuple(hit for _, ties in groups for hit in reversed(list(ties))))


def _past(low: Bound | None) -> Bound | None:
    if isinstance(low, datetime):
        return low + timedelta(microseconds=1)
    return math.nextafter(low, math.inf) if isinstance(low, float) else low


BUGS: Sequence[type[TantivyEngine]] = (Square, Exclusive, EarlyFacets, Undead, Unsteady)


@pytest.mark.parametrize("engine", BUGS, ids=lambda engine: engine.__name__)
def test_suite__finds_a_planted_bug(engine: type[TantivyEngine], tmp_path: Path) -> None:
    broken = filled(engine, tmp_path)
    with pytest.raises(AssertionError):
        hold(broken, ENOUGH, in_order=True)
    broken.close()
