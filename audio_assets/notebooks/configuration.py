"""The one configuration cell of a training notebook, made from the settings' own source."""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass
from typing import Any

from audio_assets.notebooks.errors import NotebookError
from audio_assets.notebooks.source_module import SourceModule

WIDTH = 100
DEFAULTS = "# The values of the recipe for ten classes of 40 clips; any of them can be changed."
SETTINGS_CLASS = "TrainingSettings"
_NOT_OFFERED = ("validation_fold",)
_ATTRIBUTE = re.compile(r"^    (\w+): ", re.MULTILINE)


@dataclass(frozen=True)
class SettingField:
    """A field of the training settings.

    Attributes:
        name: its name.
        default: source of its default.
        meaning: what the class's docstring says.
    """

    name: str
    default: str
    meaning: str


def setting_fields(module: SourceModule) -> list[SettingField]:
    """Read the fields of the training settings from their source.

    Args:
        module: `audio_assets.training.settings`.

    Raises:
        NotebookError: the class is not where it should be.
    """
    found = module.binding(SETTINGS_CLASS)
    node = found[0].node if found else None
    if not isinstance(node, ast.ClassDef):
        raise NotebookError(f"{module.name} has no class {SETTINGS_CLASS}.")
    meanings = _meanings(ast.get_docstring(node) or "")
    return [
        SettingField(part.target.id, ast.unparse(part.value), meanings.get(part.target.id, ""))
        for part in node.body
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name) and part.value
    ]


def _meanings(docstring: str) -> dict[str, str]:
    _, _, attributes = docstring.partition("Attributes:")
    parts = _ATTRIBUTE.split(attributes)[1:]
    return {
        name: " ".join(text.split()).removesuffix(".")
        for name, text in zip(parts[::2], parts[1::2], strict=True)
    }


def tiny_value(name: str, default: Any) -> Any:
    """A setting as small as it goes: to see everything run, not to learn."""
    fixed = {"width": 64, "depth": 1, "first_hidden": 32, "second_hidden": 32, "teachers": 1,
             "texture_teachers": 1, "save_every": 1, "loader_processes": 0,
             "threads": 1}  # fmt: skip
    if name in fixed:
        return fixed[name]
    if name.endswith("_epochs"):
        return min(1, default)
    return min(4, default) if name.endswith("_batch") else default


def configuration_cell(
    fields: list[SettingField],
    head: list[tuple[str, str, str]],
    overrides: dict[str, Any],
    tiny: bool,
) -> str:
    """Write the cell.

    Args:
        fields: of the training settings.
        head: (name, value's source, comment) of what is not a training setting.
        overrides: values that a model wants otherwise, by field.
        tiny: take the smallest values.

    Returns:
        Python source that needs no import.
    """
    lines: list[str] = []
    for name, value, comment in head:
        lines += [*_comment(comment, ""), f"{name} = {value}"]
    lines += ["", DEFAULTS, "SETTINGS = {"]
    for field in fields:
        if field.name in _NOT_OFFERED:
            continue
        value = field.default
        if field.name in overrides:
            value = repr(overrides[field.name])
        if tiny:
            value = repr(tiny_value(field.name, ast.literal_eval(value)))
        entry = f'    "{field.name}": {value},'
        beside = f"{entry}  # {field.meaning}" if field.meaning else entry
        if len(beside) <= WIDTH:
            lines.append(beside)
        else:
            lines += [*_comment(field.meaning, "    "), entry]
    return "\n".join([*lines, "}"])


def _comment(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")
