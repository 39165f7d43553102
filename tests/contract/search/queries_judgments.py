"""Judged words: what people type, and the document that they mean, which has to be among the first few.

They run over the corpus, so what they mean stands in `queries_corpus.py`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Judgment:
    """Some words, and what they mean: an id among the first `within`, or words that every one of the first has."""

    kind: str
    query: str
    expected: str
    within: int = 1


IDS = (
    Judgment("sensors", "LV-L017.energy", "LV-L017.energy"),
    Judgment("sensors", "lv-l017.ENERGY", "LV-L017.energy"),
    Judgment("sensors", "  LV-L017.energy ", "LV-L017.energy"),
    Judgment("sensors", "l017 energy", "LV-L017.energy"),
    Judgment("sensors", "energy l017", "LV-L017.energy"),
    Judgment("sensors", "L017", "LV-L017.energy", 4),
    Judgment("sensors", "LV-L017", "LV-L017.voltage", 4),
    Judgment("sensors", "lv l017 volt", "LV-L017.voltage"),
    Judgment("sensors", "lv_l017_voltage", "LV-L017.voltage"),
    Judgment("sensors", "l017/volt", "LV-L017.voltage"),
    Judgment("sensors", "LV-L050.temp", "LV-L050.temperature"),
    Judgment("sensors", "ünit/7", "Ünit/7"),
    Judgment("sensors", "unit/7", "Ünit/7"),
    Judgment("sensors", 'a "quoted" ONE', 'A "quoted" one'),
    Judgment("sensors", "quoted", 'A "quoted" one'),
    Judgment("sensors", "[box]", "[box]"),
    Judgment("sensors", "電力", "電力"),
    Judgment("sensors", "x:y", "x:y"),
    Judgment("sensors", "\\back", "\\back"),
    Judgment("sensors", "a b", "a b"),
    Judgment("sensors", "*star", "*star"),
    Judgment("sensors", "*", "*"),
)
"""Ids: whole, in any case, by part, with other separators, and such as are no words."""
TYPED = (
    Judgment("sensors", "l017 enrgy", "LV-L017.energy"),
    Judgment("sensors", "l017 energi", "LV-L017.energy"),
    Judgment("sensors", "l017 enegry", "LV-L017.energy"),
    Judgment("sensors", "l017 eneergy", "LV-L017.energy"),
    Judgment("sensors", "l017 temprature", "LV-L017.temperature"),
    Judgment("sensors", "l017 tempratur", "LV-L017.temperature"),
    Judgment("sensors", "temperatrue l017", "LV-L017.temperature"),
    Judgment("sensors", "l017 vlotage", "LV-L017.voltage"),
    Judgment("sensors", "pwer l017", "LV-L017.power"),
    Judgment("sensors", "houshold l017 voltage", "LV-L017.voltage"),
)
"""Typos: a letter left out, put in, changed or swapped; two of them in long words."""
BEGUN = (
    Judgment("sensors", "l017 e", "LV-L017.energy"),
    Judgment("sensors", "l017 en", "LV-L017.energy"),
    Judgment("sensors", "l017 volta", "LV-L017.voltage"),
    Judgment("sensors", "l017 tempera", "LV-L017.temperature"),
    Judgment("sensors", "l017 temparat", "LV-L017.temperature"),
    Judgment("sensors", "household power lv-l01", "LV-L010.power", 11),
)
"""Beginnings of the last word, as it is typed; one with a typo in it."""
MEANT = (
    Judgment("sensors", "sao paulo", "region=São Paulo", 20),
    Judgment("sensors", "SÃO PAULO energy", "region=São Paulo", 10),
    Judgment("sensors", "sud", "region=Süd", 20),
    Judgment("sensors", "mitte", "region=Mitte-West", 20),
    Judgment("sensors", "mussiggang power", "sensor_type=power", 20),
    Judgment("sensors", "feeder LV-F03", "feeder_id=LV-F03", 20),
    Judgment("sensors", "lv-f03 temperature", "sensor_type=temperature", 5),
    Judgment("readings", "like-day average", "reason=spike replaced by the like-day average", 20),
    Judgment("readings", "interpolatd gap", "reason=gap of an hour interpolated", 20),
    Judgment("readings", "val_spike", "rule_ids=VAL_SPIKE", 10),
    Judgment("events", "outage", "event_type=outage", 20),
    Judgment("events", "thunderstrom", "event_type=outage", 20),
    Judgment("events", "suspected theft", "event_type=suspected_theft", 20),
    Judgment("events", "suspected_theft critical", "severity=critical", 5),
    Judgment("events", "voltage sag", "event_type=voltage_sag", 20),
    Judgment("events", "transformer overloaded", "event_type=overload", 10),
    Judgment("events", "loaded transformer MV-T2", "event_type=overload", 10),
    Judgment("events", "mv-t2", "asset_id=MV-T2", 10),
    Judgment("events", "severity critical", "severity=critical", 20),
    Judgment("readings", "rule val_gap", "rule_ids=VAL_GAP", 10),
    Judgment("events", "outage flood", "", 0),
    Judgment("events", "ninty percent", "event_type=voltage_sag", 20),
)
"""Words of places, texts and types: each of the first hits has the value; without one nothing is found."""
JUDGMENTS = (*IDS, *TYPED, *BEGUN, *MEANT)
