"""Self-contained training notebooks: the package's own code, a configuration, and what to run."""

from __future__ import annotations

import ast
import re
import textwrap
from itertools import pairwise
from pathlib import Path
from typing import Any

from audio_assets import __version__
from audio_assets.errors import UsageError
from audio_assets.notebooks.closure import Closure
from audio_assets.notebooks.configuration import configuration_cell, setting_fields
from audio_assets.notebooks.inlining import InlinedCode, InlinedModule, inline
from audio_assets.notebooks.notebook_file import Cell, notebook, write_notebook
from audio_assets.notebooks.requirements import requirements
from audio_assets.notebooks.source_module import SourceModule, Statement, parse_module, read_module
from audio_assets.notebooks.template import (
    CONFIGURATION,
    TemplateCell,
    chosen_variant,
    template_cells,
)
from audio_assets.notebooks.training_variants import DATA_SETS, MODELS, head_of

TEMPLATE = Path(__file__).parent / "templates" / "training.py"
CELLS = "the notebook's own cells"
SETTINGS_MODULE = "audio_assets.training.settings"
CELL_LINES = 60
_WHOLE_WORDS: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}
FUTURE = "from __future__ import annotations"  # holds for all cells after it
CHAPTERS = (
    ("audio_assets.errors", "Errors and files"),
    ("audio_assets.transforms", "From sound to picture"),
    ("audio_assets.models", "The encoder"),
    ("audio_assets.training", "Training and evaluation"),
    ("audio_assets", "Data, plots and export"),
)
"""(prefix of module names, heading): order and headings of the inlined code."""


def write_training_notebook(
    model: str = "audiomaepp",
    dataset: str = "esc50",
    output: Path | None = None,
    *,
    tiny: bool = False,
) -> Path:
    """Generate a notebook and write it.

    Args:
        model: a key of `MODELS`.
        dataset: a key of `DATA_SETS`.
        output: the file, or a directory for it; `training_<model>_<dataset>.ipynb` where None.
        tiny: settings with which it runs in seconds and learns nothing.

    Returns:
        The file.

    Raises:
        UsageError: the model or the data set is unknown, or the file is no `.ipynb`.
        NotebookError: the package's source cannot be taken over as it is.
        StorageError: the file cannot be written.
    """
    default = Path(f"training_{model}_{dataset}.ipynb")
    path = output or default
    if path.is_dir():
        path = path / default
    if path.suffix != ".ipynb":
        raise UsageError(f"{path} is no notebook by its name; end it with .ipynb.")
    write_notebook(training_notebook(model, dataset, tiny=tiny), path)
    return path


def training_notebook(model: str, dataset: str, *, tiny: bool = False) -> dict[str, Any]:
    """Generate a notebook; see `write_training_notebook`.

    Returns:
        The JSON object; the same source and arguments give the same object.
    """
    for name, known in ((model, MODELS), (dataset, DATA_SETS)):
        if name not in known:
            raise UsageError(f"{name!r} is unknown; choose one of {', '.join(known)}.")
    chosen = MODELS[model]
    fields = setting_fields(read_module(SETTINGS_MODULE))
    configuration = configuration_cell(fields, head_of(model, dataset), chosen.overrides, tiny)
    source = chosen_variant(TEMPLATE.read_text("utf-8"), dataset, configuration)
    own = parse_module(CELLS, source)
    closure = Closure(chosen.replaced, lambda name: own if name == CELLS else read_module(name))
    code = inline(own, closure, tuple(prefix for prefix, _ in CHAPTERS))
    title = f"{chosen.title} on {DATA_SETS[dataset]}"
    cells = [Cell("markdown", _introduction(title, tiny)), *_setup(code, configuration)]
    cells += _code_cells(code)
    cells += _own_cells(own, code, template_cells(source))
    about = {"version": __version__, "model": model, "dataset": dataset, "tiny": tiny}
    return notebook(cells, {"audio_assets": about})


def _introduction(title: str, tiny: bool) -> str:
    note = "\n\n**Tiny settings**: everything runs in seconds, nothing is learned." if tiny else ""
    return (
        f"# Training: {title}\n\n"
        "Pre-training, fine-tuning and evaluation of a sound encoder, and the export of a "
        "checkpoint that audio-assets loads. This notebook needs no other file: its code was taken "
        f"over from audio-assets {__version__} by `audio-assets notebook training`. Change it "
        "there and generate again; what is changed here stays here.\n\n"
        "Set the configuration, then run all cells. The arithmetic runs on the processor (in "
        f"bfloat16); a GPU is not used.{note}"
    )


def _setup(code: InlinedCode, configuration: str) -> list[Cell]:
    quoted = " ".join(f'"{name}"' for name in requirements(code.outside))
    install = " \\\n    ".join(textwrap.wrap(f"%pip install -q {quoted}", 90, **_WHOLE_WORDS))
    return [
        Cell("markdown", "## Install\n\nWhat is there already is kept."),
        Cell("code", f"{FUTURE}\n\n{install}", ("install",)),
        Cell("markdown", "## Configuration"),
        Cell("code", configuration, ("parameters",)),
        Cell("markdown", "## Imports"),
        Cell("code", _wrapped_imports(code.imports)),
    ]


def _wrapped_imports(lines: tuple[str, ...]) -> str:
    wrapped = []
    for line in lines:
        if len(line) <= 96:
            wrapped.append(line)
            continue
        start, _, names = line.partition(" import ")
        inner = textwrap.wrap(names, 90, initial_indent="    ", subsequent_indent="    ")
        wrapped.append("\n".join([f"{start} import (", *inner, ")"]))
    return "\n".join(wrapped)


def _code_cells(code: InlinedCode) -> list[Cell]:
    cells: list[Cell] = []
    heading = ""
    for module in code.modules:
        new = next(title for prefix, title in CHAPTERS if module.name.startswith(prefix))
        if new != heading:
            cells.append(Cell("markdown", f"## {new}"))
            heading = new
        text = f"### {module.docstring}\n\n`{module.name}`"
        cells.append(Cell("markdown", text))
        cells += [Cell("code", part) for part in _parts(module)]
    return cells


def _parts(module: InlinedModule) -> list[str]:
    """The module in cells of about `CELL_LINES` lines, cut between definitions."""
    parts: list[list[str]] = [[]]
    for definition in module.definitions:
        so_far = sum(text.count("\n") + 1 for text in parts[-1])
        if parts[-1] and so_far + definition.count("\n") > CELL_LINES:
            parts.append([])
        parts[-1].append(definition)
    return [_joined(part) for part in parts]


def _joined(definitions: list[str]) -> str:
    """Definitions two lines apart, assignments that follow each other together."""
    text = definitions[0]
    for before, definition in pairwise(definitions):
        short = not re.search(r"^(def|class|@|async)", f"{before}\n{definition}", re.MULTILINE)
        text += ("\n" if short else "\n\n\n") + definition
    # without the semicolon a notebook prints a string that ends a cell
    return text + (";" if text.endswith('"""') and isinstance(_last(text), ast.Expr) else "")


def _last(text: str) -> ast.stmt:
    return ast.parse(text).body[-1]


def _own_cells(own: SourceModule, code: InlinedCode, cells: list[TemplateCell]) -> list[Cell]:
    found: list[Cell] = []
    for cell in cells:
        if cell.kind == CONFIGURATION:
            continue
        if cell.kind == "markdown":
            found.append(Cell("markdown", cell.prose))
            continue
        inside = [s for s in own.statements if cell.first <= s.line <= cell.last]
        found.append(Cell("code", _with_gaps(inside, code)))
    return found


def _with_gaps(statements: list[Statement], code: InlinedCode) -> str:
    text, end = "", 0
    for statement in statements:
        gap = "\n" * min(2, statement.line - end) if text else ""
        text += gap + code.cells[statement]
        end = statement.line + statement.text.count("\n")
    return text
