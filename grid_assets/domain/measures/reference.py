"""The reference of measures and events as Markdown, generated from the registry, so it is never behind the code."""

from grid_assets.domain.measures.events.kind import EventKind
from grid_assets.domain.measures.events.registry import EVENT_KINDS
from grid_assets.domain.measures.measure import INPUT_RELATIONS, Measure
from grid_assets.domain.measures.registry import MEASURES, STEPS

HEAD = """# Measures and events

Generated from the registry in `grid_assets/domain/measures`. Columns stand in the [reference of tables](tables.md),
rules in the [reference of rules](rules.md).

A measure is SQL over the verified readings of whole operating days and the catalogue. A day's rows depend on that day's
readings and the catalogue alone, so that days can be computed in any order, and a late file changes its own days only.
Energies are summed as exact decimals (nine places): the same readings give the same result on every engine, in any
order. A value too large for that (1e19) counts as missing.

Qualities survive: `measured_intervals` holds measured and revised ones, `expected_intervals` is the sum of the four
other counts. A sum over missing intervals is partial, and its counts say so; without any value it is null.
"""


def measures_markdown() -> str:
    """Return the whole reference as Markdown text that ends with a line feed."""
    parts = [HEAD, _overview(), *(_measure(measure) for measure in MEASURES), _events(), _relations()]
    return "\n".join(parts)


def _overview() -> str:
    rows = "".join(f"| [{m.name}](#{m.name}) | {m.table.description} |\n" for m in MEASURES)
    return f"## Overview\n\n| measure | gives |\n|---|---|\n{rows}"


def _measure(measure: Measure) -> str:
    formulas = "".join(f"- {formula}\n" for formula in measure.formulas)
    source = f"\n{measure.source}\n" if measure.source else ""
    return f"## {measure.name}\n\n{measure.description}\n" + (f"\n{formulas}" if formulas else "") + source


def _events() -> str:
    return "## Kinds of events\n\n" + "\n".join(_event(kind) for kind in EVENT_KINDS)


def _event(kind: EventKind) -> str:
    return f"### {kind.event_type}: {kind.subject}\n\n{kind.definition}\n\nSeverity: {kind.severity}.\n"


def _relations() -> str:
    inputs = "".join(f"| `{name}` | {text} |\n" for name, text in INPUT_RELATIONS.items())
    steps = "".join(f"| `{step.name}` | {step.description} |\n" for step in STEPS)
    return (
        f"## Relations\n\nBound by the caller:\n\n| relation | holds |\n|---|---|\n{inputs}\n"
        f"Computed on the way, shared by the measures:\n\n| step | holds |\n|---|---|\n{steps}"
    )
