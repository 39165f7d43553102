"""The page of settings, from the fields of `GridSettings`."""

from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from resources.settings import GridSettings
from tests.docs.markdown import page, table

KINDS: dict[Any, str] = {Path: "folder", str: "text", int: "whole number", date: "day", SecretStr: "address, secret"}

INTRODUCTION = """\
Every setting is an environment variable with the prefix `GRID_`; none is needed on one machine. A value that is not of
its kind ends the command with a message that names each wrong one. Settings marked secret are never printed."""

BESIDE = """\
## Beside them

`make` also takes `PORT` (of the Dagster UI, 3000), `PYTHON` (an interpreter of version 3.11 for `.venv`), `ARGS`
(passed on to pytest or JupyterLab), `YEAR_DIR` (of the full year of input) and `LOCK` (`--upgrade` for newer versions
in the locks). The Dagster instance lives in `GRID_HOME/dagster`, whatever `DAGSTER_HOME` says."""


def settings_markdown() -> str:
    """Return docs/reference/settings.md: one line for each setting with its kind, default and meaning."""
    rows = [
        [f"`{variable(name)}`", _kind(field), _default(field), field.description or ""]
        for name, field in GridSettings.model_fields.items()
    ]
    return page("Settings", INTRODUCTION, table(["variable", "kind", "default", "meaning"], rows), BESIDE)


def variable(field_name: str) -> str:
    """Return the environment variable that sets a field."""
    return f"{GridSettings.model_config['env_prefix']}{field_name}".upper()


def _kind(field: FieldInfo) -> str:
    options = [option for option in get_args(field.annotation) or [field.annotation] if option is not type(None)]
    if get_origin(field.annotation) is Literal:
        return " or ".join(f"`{option}`" for option in options)
    limits = [f"at least {bound.ge:,}" for bound in field.metadata if hasattr(bound, "ge")]
    return ", ".join([*(KINDS[option] for option in options), *limits])


def _default(field: FieldInfo) -> str:
    return "none" if field.default is None else f"`{field.default}`"
