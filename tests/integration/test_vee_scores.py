"""Verdicts and estimates on the shipped input against the truth kept aside: floors a little below what was measured."""

import pytest

from tests.integration.vee_scores import PAGE, Scores, scores, scores_markdown, tables_of_shipped_input

FLOORS = {
    "V02": (1.0, 1.0),
    "V04": (0.90, 0.95),
    "V05": (0.99, 0.99),
    "V07": (1.0, 1.0),
    "V08": (0.92, 0.98),
    "V09": (0.92, 0.97),
    "V10": (0.90, 0.90),
    "V11": (1.0, 1.0),
    "V12": (1.0, 1.0),
    "V13": (1.0, 1.0),
    "V14": (1.0, 0.94),
    "V15": (1.0, 1.0),
}
"""Rule -> least recall and least precision."""
CEILINGS = {
    ("energy", "consumption", "linear"): 0.11,
    ("energy", "consumption", "linear+register"): 0.08,
    ("energy", "consumption", "like_day"): 0.18,
    ("energy", "consumption", "like_day+register"): 0.14,
    ("energy", "consumption", "recent_days"): 0.15,
    ("energy", "production", "linear"): 0.06,
    ("energy", "production", "like_day"): 0.75,
    ("power", "consumption", "like_day"): 0.17,
    ("power", "consumption", "linear"): 0.10,
}
"""Sensor type, point type and method -> largest WAPE."""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Scores:
    """The scores of one run over the shipped input."""
    return scores(tables_of_shipped_input(tmp_path_factory.mktemp("home")))


@pytest.mark.parametrize("rule", FLOORS)
def test_rule__finds_the_truth_and_little_else(rule: str, measured: Scores) -> None:
    score = measured.rules[rule]
    recall, precision = FLOORS[rule]
    assert score.sought > 0
    assert score.recall >= recall, score
    assert score.precision >= precision, score


@pytest.mark.parametrize("rule", ["V01", "V03", "V06"])
def test_rule__does_not_fire_where_nothing_is_wrong(rule: str, measured: Scores) -> None:
    assert measured.rules[rule].precision == 1.0, measured.rules[rule]


@pytest.mark.parametrize("method", CEILINGS, ids="-".join)
def test_estimates__are_near_the_truth(method: tuple[str, str, str], measured: Scores) -> None:
    score = measured.methods[method]
    assert score.readings >= 100
    assert score.wape is not None
    assert score.wape <= CEILINGS[method], score


def test_verification__takes_out_most_of_the_error(measured: Scores) -> None:
    gains = {kind: (before, after) for kind, _, before, after in measured.gains}
    for kind in ("negative", "scale_unlabelled", "spike_beyond_rating", "spike_within_rating"):
        before, after = gains[kind]
        assert after < 0.05 * before, kind
    assert gains["stuck"][1] < 0.3 * gains["stuck"][0]


def test_scores__page_is_what_a_run_gives(measured: Scores) -> None:
    assert PAGE.read_text(encoding="utf-8") == scores_markdown(measured), "run python -m tests.integration.vee_scores"
