"""Running a conformance suite's state machine on a backend: by chance, or the same way each time."""

from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def run_bound(
    machine: type[RuleBasedStateMachine], backend: object, folder: Path, chosen: settings, steps: int
) -> None:
    """Run a machine over a backend in a folder, which it finds as its class's own; raises where a promise is broken."""
    bound = type(machine.__name__, (machine,), {"backend": backend, "folder": folder})
    limits = settings(chosen, deadline=None, stateful_step_count=steps, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(bound, settings=limits)
