"""What a rule is: a stable id, a stage, and outcomes as pure SQL conditions over that stage's features."""

from dataclasses import dataclass
from enum import StrEnum

from grid_assets.domain.projections.sql import literal

ENERGY = "energy"
REGISTER = "register"
POWER = "power"
REACTIVE_POWER = "reactive_power"
VOLTAGE = "voltage"
CURRENT = "current"
FREQUENCY = "frequency"
TEMPERATURE = "temperature"
ALL_TYPES = (ENERGY, REGISTER, POWER, REACTIVE_POWER, VOLTAGE, CURRENT, FREQUENCY, TEMPERATURE)
FLOWS = (ENERGY, POWER, REACTIVE_POWER, CURRENT)
"""Types that follow the use of the grid and so have a usual range and a daily shape."""
VARYING_TYPES = (*FLOWS, VOLTAGE)
"""Types whose values seldom repeat."""
LIKE_DAY_TYPES = (ENERGY, POWER, REACTIVE_POWER)
"""Types that a like day can stand in for."""


def type_list(types: tuple[str, ...]) -> str:
    """Return sensor types as the inside of an SQL list."""
    return ", ".join(literal(name) for name in types)


class Effect(StrEnum):
    """What a rule does to a value when its condition holds."""

    REJECT = "reject"
    EDIT = "edit"
    FLAG = "flag"
    QUARANTINE = "quarantine"


class Stage(StrEnum):
    """When a rule is decided, and so which features it may name."""

    INGEST = "ingest"
    READING = "reading"
    DAY = "day"
    REGISTER = "register"


@dataclass(frozen=True)
class Outcome:
    """One effect with its condition and its reason, both SQL over the features of the rule's stage.

    The condition is true where the outcome applies; null counts as false. The reason gives text.
    """

    effect: Effect
    condition: str
    reason: str


@dataclass(frozen=True)
class Rule:
    """One validation rule; `outcomes` exclude each other and are tried in order.

    `source` names the practice or definition that the rule follows.
    """

    id: str
    name: str
    title: str
    stage: Stage
    sensor_types: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    description: str
    source: str

    @property
    def column(self) -> str:
        """Return the name of the verdict column that says whether the rule fired."""
        return self.id.lower()

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Return the effects that the rule can have, each once, in order."""
        return tuple(dict.fromkeys(outcome.effect for outcome in self.outcomes))
