"""A notebook's own cells, kept as a Python file with `# %%` marks: checked like all other code."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = re.compile(r"# %%(?: \[(?P<kind>\w+)\])?(?P<tags>(?: \w+)*)$")
CONFIGURATION = "configuration"


@dataclass(frozen=True)
class TemplateCell:
    """One cell of a template.

    Attributes:
        kind: "code", "markdown" or "configuration".
        tags: the variants that it belongs to; all of them where empty.
        first: number of the line after its mark.
        lines: its lines.
    """

    kind: str
    tags: tuple[str, ...]
    first: int
    lines: tuple[str, ...]

    @property
    def last(self) -> int:
        """Number of its last line."""
        return self.first + len(self.lines) - 1

    @property
    def prose(self) -> str:
        """Text of a markdown cell."""
        return "\n".join(line.removeprefix("#").removeprefix(" ") for line in self.lines).strip()


def chosen_variant(source: str, variant: str, configuration: str) -> str:
    """The template of one variant, with its configuration cell filled in.

    Args:
        source: text of the template.
        variant: cells that name other variants are left out.
        configuration: source of the configuration cell.

    Returns:
        Python source with `# %%` marks.
    """
    lines = source.splitlines()
    cells = template_cells(source)
    head = lines[: cells[0].first - 2]
    parts = ["\n".join(head)]
    for cell in cells:
        if cell.tags and variant not in cell.tags:
            continue
        body = configuration if cell.kind == CONFIGURATION else "\n".join(cell.lines).strip("\n")
        mark = "# %%" if cell.kind == "code" else f"# %% [{cell.kind}]"
        parts.append(f"{mark}\n{body}\n")
    return "\n".join(parts)


def template_cells(source: str) -> list[TemplateCell]:
    """Cut a template at its marks; what stands before the first one is no cell.

    Args:
        source: text of the template.

    Returns:
        The cells, in order.
    """
    lines = source.splitlines()
    marks = [(i, m) for i, line in enumerate(lines) if (m := _MARK.match(line))]
    ends = [i for i, _ in marks[1:]] + [len(lines)]
    return [
        TemplateCell(
            mark["kind"] or "code",
            tuple(mark["tags"].split()),
            start + 2,
            tuple(lines[start + 1 : end]),
        )
        for (start, mark), end in zip(marks, ends, strict=True)
    ]
