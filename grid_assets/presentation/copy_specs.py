"""The copies of the lake as assets: what each is made from, what keeps it, and what it says before anything ran.

They have no partitions: how far a copy has got is an offset in the change log (docs/decisions/0012).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from grid_assets.domain.search.documents import document_kinds
from grid_assets.domain.search.fields import DocumentKind
from grid_assets.domain.tables import EVENTS, LOAD_DAILY, SENSOR_LATEST
from grid_assets.domain.warm import WARMED
from grid_assets.presentation.specs import STAGE_TAG

OWNER = "team:grid-platform"
COPY_STAGES = ("publish", "warm", "index")
"""Stages whose assets follow the change log, in the order of serving."""
REBUILD_STAGE = "rebuild"
DATABASE_RECORDS, WARM_CACHE, SEARCH_REBUILD = "database_records", "warm_cache", "search_rebuild"
KINDS: tuple[DocumentKind, ...] = document_kinds("hour")
"""The kinds of documents; names and tables are the same for every grain of the readings."""


@dataclass(frozen=True)
class CopyAsset:
    """A copy of the lake: its stage, its group in the graph, what keeps it, and the tables that it is made from."""

    name: str
    stage: str
    group: str
    kept_by: str
    reads: Sequence[str]
    description: str


def index_asset(kind: str) -> str:
    """Return the name of the asset that keeps the index of a kind of documents."""
    return f"{kind}_index"


def _indices() -> tuple[CopyAsset, ...]:
    return tuple(
        CopyAsset(
            index_asset(kind.name),
            "index",
            "search",
            "tantivy",
            [table.name for table in kind.tables],
            f"{kind.description}\n\nMaterialising it indexes what changed; the same documents are not written again.",
        )
        for kind in KINDS
    )


COPIES: dict[str, CopyAsset] = {
    copy.name: copy
    for copy in (
        CopyAsset(
            DATABASE_RECORDS,
            "publish",
            "publish",
            "sqlite",
            [SENSOR_LATEST.name, LOAD_DAILY.name, EVENTS.name],
            "The rows that people and programs look up one by one, in the operational database: latest values, daily "
            "loads, events. Each row carries the batch that made it, and an older one never overwrites a newer one.",
        ),
        CopyAsset(
            WARM_CACHE,
            "warm",
            "warm",
            "sqlite",
            [table.name for table in WARMED],
            "The newest operating days and every sensor's latest value, ready to be read by key. A day is put in place "
            "whole, as a generation; readers never see half of one.",
        ),
        *_indices(),
        CopyAsset(
            SEARCH_REBUILD,
            REBUILD_STAGE,
            "search",
            "tantivy",
            list(dict.fromkeys(table.name for kind in KINDS for table in kind.tables)),
            "The newest full rebuild of the search indices: loaded unseen from the lake, checked day by day against "
            "it, and made live in one step. The index before stays for `roll_back_search`.",
        ),
    )
}


def copy_spec(name: str) -> dg.AssetSpec:
    """Return the asset of a copy of the lake."""
    copy = COPIES[name]
    return dg.AssetSpec(
        key=copy.name,
        deps=list(copy.reads),
        description=copy.description,
        group_name=copy.group,
        kinds={copy.kept_by},
        owners=[OWNER],
        tags={STAGE_TAG: copy.stage},
    )
