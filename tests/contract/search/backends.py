"""The search engines that the conformance suite runs on; a further one joins by a line in `BACKENDS`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grid_assets.domain.search.fields import DocumentKind
from resources.clients.search.base import SearchEngine
from resources.clients.search.tantivy_engine import TantivyEngine

Make = Callable[[Path, Sequence[DocumentKind]], SearchEngine]
"""Makes one client of the indices that belong to a folder; a new folder stands for an empty engine."""


@dataclass(frozen=True)
class Backend:
    """One kind of search engine."""

    name: str
    make: Make


TANTIVY = Backend("tantivy", TantivyEngine)
BACKENDS = (TANTIVY,)
