"""Quality gates: which metrics of a stage must lie between which bounds before the next stage may read its batch.

A metric is computed by the engine as SQL over the stage's own relations; judging is the quality client's work.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class GateRule:
    """One bound of one metric; `minimum` and `maximum` are inclusive, None leaves a side open."""

    id: str
    stage: str
    metric: str
    description: str
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class GateFinding:
    """One rule held against one value."""

    rule: GateRule
    value: float | None
    passed: bool


@dataclass(frozen=True)
class GateReport:
    """What a gate found; a gate without rules passes."""

    stage: str
    findings: tuple[GateFinding, ...] = ()

    @property
    def passed(self) -> bool:
        """Return whether every rule was kept."""
        return all(finding.passed for finding in self.findings)

    @property
    def failures(self) -> tuple[str, ...]:
        """Return each broken rule as a sentence with the value found and the bounds."""
        return tuple(
            f"{f.rule.id} {f.rule.metric} is {f.value}, expected {bounds(f.rule)}: {f.rule.description}"
            for f in self.findings
            if not f.passed
        )


def bounds(rule: GateRule) -> str:
    """Return a rule's bounds in words."""
    if rule.minimum is not None and rule.minimum == rule.maximum:
        return f"exactly {rule.minimum:g}"
    low = f"at least {rule.minimum:g}" if rule.minimum is not None else ""
    high = f"at most {rule.maximum:g}" if rule.maximum is not None else ""
    return " and ".join(part for part in (low, high) if part)


GATES: tuple[GateRule, ...] = (
    GateRule("G01", "ingest", "unreconciled_rows", "received = stored + duplicate + quarantined", 0, 0),
    GateRule("G02", "ingest", "quarantined_share", "most rows of a batch can be used", None, 0.25),
    GateRule("G03", "ingest", "far_future_rows", "no stored reading lies more than a day ahead of the clock", 0, 0),
    GateRule("G11", "verify", "uncovered_intervals", "each expected interval has exactly one verified row", 0, 0),
    GateRule("G12", "verify", "repeated_keys", "no interval of a sensor stands twice", 0, 0),
    GateRule("G13", "verify", "unexplained_values", "a value that differs from the raw one names a rule", 0, 0),
    GateRule("G14", "verify", "rejected_share", "most received readings pass validation", None, 0.3),
    GateRule("G21", "aggregate", "energy_gap_share", "energy of the days equals that of the readings", None, 1e-6),
    GateRule("G22", "aggregate", "miscounted_rows", "measured + edited + estimated + missing = expected", 0, 0),
    GateRule("G23", "aggregate", "load_factor_outside", "load factors lie between 0 and 1", 0, 0),
)


def gate_of(stage: str) -> tuple[GateRule, ...]:
    """Return the rules of a stage's gate."""
    return tuple(rule for rule in GATES if rule.stage == stage)
