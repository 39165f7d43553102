"""A stage's metrics held against its gate with Great Expectations, loaded only when the first gate is judged.

The library takes seconds to import, so `preload` begins that in a thread while the engine works.
"""

import importlib
import logging
import math
import threading
import warnings
from collections.abc import Mapping
from typing import Any

from grid_assets.domain.gates import GateFinding, GateReport, GateRule, gate_of


class ExpectationsJudge:
    """Judges with one suite per stage, over a frame of one row: the metrics."""

    def __init__(self) -> None:
        self._loading: threading.Thread | None = None

    def preload(self) -> None:
        """Begin to import the library in the background; a second call does nothing."""
        if self._loading is None:
            self._loading = threading.Thread(target=_load, name="load-expectations", daemon=True)
            self._loading.start()

    def judge(self, stage: str, metrics: Mapping[str, float]) -> GateReport:
        """Return the findings of the stage's gate; a metric that is missing breaks its rule."""
        rules = gate_of(stage)
        if not rules:
            return GateReport(stage)
        self.preload()
        if self._loading is not None:
            self._loading.join()
        results = _validate(_load(), metrics, stage, rules)
        findings = (
            # The library passes over what is null or no number; here that breaks the rule.
            GateFinding(rule, metrics.get(rule.metric), passed and not math.isnan(metrics.get(rule.metric, math.nan)))
            for rule, passed in zip(rules, results, strict=True)
        )
        return GateReport(stage, tuple(findings))


def _load() -> Any:  # noqa: ANN401 - the library publishes no types
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("great_expectations").setLevel(logging.ERROR)
        return importlib.import_module("great_expectations")


def _validate(gx: Any, metrics: Mapping[str, float], stage: str, rules: tuple[GateRule, ...]) -> list[bool]:  # noqa: ANN401
    pandas = importlib.import_module("pandas")
    frame = pandas.DataFrame([{rule.metric: metrics.get(rule.metric) for rule in rules}], dtype="float64")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        asset = context.data_sources.add_pandas("metrics").add_dataframe_asset(stage)
        batch = asset.add_batch_definition_whole_dataframe("run").get_batch(batch_parameters={"dataframe": frame})
        suite = gx.ExpectationSuite(name=stage, expectations=[_expectation(gx, rule) for rule in rules])
        results = batch.validate(suite).results
    passed = {result.expectation_config.meta["rule"]: bool(result.success) for result in results}
    return [passed.get(rule.id, False) for rule in rules]


def _expectation(gx: Any, rule: GateRule) -> Any:  # noqa: ANN401
    return gx.expectations.ExpectColumnValuesToBeBetween(
        column=rule.metric, min_value=rule.minimum, max_value=rule.maximum, meta={"rule": rule.id}
    )
