"""The page of commands, from the Makefile's own help and from the `grid` command's."""

import re
from pathlib import Path
from typing import Any

import typer.main

from grid_assets.cli.main import app
from tests.docs.markdown import page, table

ROOT = Path(__file__).parents[2]
VERB = re.compile(r"^([a-z-]+):.*?## (.+)$", re.MULTILINE)


def commands_markdown() -> str:
    """Return docs/reference/commands.md: the make verbs, then every `grid` command with its arguments and options."""
    verbs = table(["verb", "what it does"], [[f"`make {name}`", text] for name, text in make_verbs().items()])
    parts = ["## make", "Run from the root of the checkout; `make` alone prints this list.", verbs, "## grid"]
    parts.append(
        "`.venv/bin/grid`, over the same functions as the Dagster assets. Every command takes `--json`. "
        "Exit codes: 0 done, 1 the doctor found something bad, 2 an error that the message explains, "
        "3 done but a quality gate holds a batch back."
    )
    for name, command in grid_commands().items():
        parts += [f"### grid {name}", command.help or "", _parameters(command)]
    return page("Commands", *(part for part in parts if part))


def make_verbs() -> dict[str, str]:
    """Return the Makefile's verbs with their help, in its order."""
    return dict(VERB.findall((ROOT / "Makefile").read_text()))


def grid_commands() -> dict[str, Any]:
    """Return the commands of `grid` by name; the library publishes no types for them."""
    group: Any = typer.main.get_command(app)
    return dict(group.commands)


def _parameters(command: Any) -> str:  # noqa: ANN401 - see grid_commands
    shown = [parameter for parameter in command.params if parameter.name != "help"]
    rows = [[_label(parameter), parameter.help or ""] for parameter in shown]
    return table(["argument or option", "meaning"], rows) if rows else ""


def _label(parameter: Any) -> str:  # noqa: ANN401 - see grid_commands
    if parameter.param_type_name == "argument":
        return f"`{parameter.name.upper()}{'...' if parameter.nargs != 1 else ''}`"
    return f"`{parameter.opts[0]}`"
