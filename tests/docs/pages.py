"""The reference pages and the functions that write them; a page that follows from the code is added here."""

from collections.abc import Callable
from pathlib import Path

from grid_assets.domain.measures.reference import measures_markdown
from grid_assets.domain.projections.markdown import tables_markdown
from grid_assets.domain.vee.reference import rules_markdown
from tests.docs.commands import commands_markdown
from tests.docs.settings import settings_markdown

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"

PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_markdown,
    "measures.md": measures_markdown,
    "rules.md": rules_markdown,
    "settings.md": settings_markdown,
    "tables.md": tables_markdown,
}
