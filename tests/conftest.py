"""What every test shares: hypothesis profiles, a home of its own, and a closing line about what could not run here."""

import os

import pytest
from _pytest.terminal import TerminalReporter
from hypothesis import HealthCheck, settings

from tests.properties import USUAL

# Costly property tests take a share of the profile, by tests.properties.examples.
# CI answers for a change and not for luck, so it tries the same examples each time; elsewhere they vary.
settings.register_profile(
    "default",
    max_examples=USUAL,
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("deep", parent=settings.get_profile("default"), max_examples=10 * USUAL)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(autouse=True)
def _no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the caller's GRID_ variables away, so that no test reads or writes a home that a person uses."""
    for name in [name for name in os.environ if name.startswith("GRID_")]:
        monkeypatch.delenv(name)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Name the tests that this machine cannot run; silence would look like success."""
    _say_what_faults_left(terminalreporter)
    skipped = terminalreporter.stats.get("skipped", [])
    names = sorted({report.nodeid for report in skipped})
    terminalreporter.write_line(f"Not run on this machine: {', '.join(names) or 'nothing'}")
    if names and os.environ.get("CI"):
        terminalreporter.write_line("CI is set, where nothing may be missing: the run fails.")


def _say_what_faults_left(terminalreporter: TerminalReporter) -> None:
    """With -v, say of each fault that a test put into a run what the next run found."""
    passed = [report for report in terminalreporter.stats.get("passed", []) if report.when == "call"]
    found = [value for report in passed for name, value in report.user_properties if name == "fault"]
    if found and terminalreporter.config.get_verbosity() > 0:
        terminalreporter.section("killed at | committed by then | what the next run did")
        for line in found:
            terminalreporter.write_line(str(line))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In continuous integration nothing may be missing: a skipped test fails the run there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and exitstatus == 0 and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
