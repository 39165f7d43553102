"""The reference of rules is current and tells of everything that a reader may meet."""

from pathlib import Path

from grid_assets.domain.vee.reference import rules_markdown
from grid_assets.domain.vee.rules import RULES

FILE = Path(__file__).parents[4] / "docs" / "reference" / "rules.md"


def test_rules_reference__is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == rules_markdown(), "write rules_markdown() to docs/reference/rules.md"


def test_rules_reference__tells_of_every_rule() -> None:
    text = rules_markdown()
    assert all(f"## {rule.id} {rule.name}" in text for rule in RULES)
    assert "unknown_sensor" in text
