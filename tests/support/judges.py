"""A judge that holds metrics against the same gate rules in plain Python, for tests that start many processes."""

from collections.abc import Mapping

from grid_assets.domain.gates import GateFinding, GateReport, GateRule, gate_of


class PlainJudge:
    """Judges as the real one does, without the seconds that importing its library takes."""

    def preload(self) -> None:
        """Do nothing."""

    def judge(self, stage: str, metrics: Mapping[str, float]) -> GateReport:
        """Return the findings of the stage's gate; a metric that is missing breaks its rule."""
        rules = gate_of(stage)
        return GateReport(stage, tuple(GateFinding(r, metrics.get(r.metric), _keeps(r, metrics)) for r in rules))


def _keeps(rule: GateRule, metrics: Mapping[str, float]) -> bool:
    value = metrics.get(rule.metric)
    if value is None:
        return False
    return (rule.minimum is None or value >= rule.minimum) and (rule.maximum is None or value <= rule.maximum)
