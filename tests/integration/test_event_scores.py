"""Events of the shipped input against the truth kept aside: floors a little below what was measured."""

import pytest

from tests.integration.event_scores import PAGE, Score, outcome_of_shipped_input, scores, scores_markdown

FLOORS = {
    "gap": (0.99, 0.98),
    "outage at a sensor": (1.0, 1.0),
    "outage of an area": (1.0, 1.0),
    "overload": (1.0, 1.0),
    "sag": (1.0, 1.0),
    "spike": (0.95, 0.95),
    "swell": (1.0, 1.0),
    "suspected_theft": (0.80, 0.90),
}
"""Kind of event -> least recall and least precision."""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Score]:
    """The scores of one run of the pipeline on the shipped input."""
    return scores(outcome_of_shipped_input(tmp_path_factory.mktemp("home")))


@pytest.mark.parametrize("kind", FLOORS)
def test_events__find_the_truth_and_little_else(kind: str, measured: dict[str, Score]) -> None:
    score = measured[kind]
    recall, precision = FLOORS[kind]
    assert score.truth > 0
    assert score.recall >= recall, score
    assert score.precision >= precision, score


def test_event_scores__page_is_what_a_run_gives(measured: dict[str, Score]) -> None:
    assert PAGE.read_text(encoding="utf-8") == scores_markdown(measured), "run python -m tests.integration.event_scores"
