"""Source of modules becomes code without them: names stay apart, behaviour stays."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from audio_assets.notebooks.closure import Closure
from audio_assets.notebooks.errors import NotebookError
from audio_assets.notebooks.inlining import InlinedCode, inline
from audio_assets.notebooks.source_module import parse_module


def inlined(cells: str, replaced: dict | None = None, **modules: str) -> InlinedCode:
    """Inline `cells`, with modules given by name instead of the package's own."""
    sources = {f"audio_assets.{name}": text for name, text in modules.items()}
    sources |= {"audio_assets": "", "cells": cells}
    parsed = {name: parse_module(name, textwrap.dedent(text)) for name, text in sources.items()}
    return inline(parsed["cells"], Closure(replaced or {}, parsed.__getitem__))


def executed(code: InlinedCode) -> dict[str, Any]:
    """Run it as a notebook would: no module of the package behind the names."""
    parts = ["from __future__ import annotations", *code.imports]
    parts += [text for module in code.modules for text in module.definitions]
    parts += code.cells.values()
    space: dict[str, Any] = {"__name__": "__main__"}
    exec("\n\n".join(parts), space)
    return space


def test_two_functions_of_one_name_both_keep_their_meaning():
    code = inlined(
        """
        from audio_assets.one import total as first
        from audio_assets.two import total as second
        answer = first(3), second(3)
        """,
        one="def _step(x):\n    return x + 1\ndef total(x):\n    return _step(x)",
        two="def _step(x):\n    return x * 10\ndef total(x):\n    return f'{_step(x)} of {x}'",
    )
    assert executed(code)["answer"] == (4, "30 of 3")
    text = "\n".join(d for m in code.modules for d in m.definitions)
    assert "def _one_step(x)" in text
    assert "def _two_step(x)" in text


def test_a_definition_does_not_hide_an_import_of_the_same_name_elsewhere():
    code = inlined(
        """
        from audio_assets.one import Generator, half
        from audio_assets.two import halves
        answer = half(4), halves(4), Generator
        """,
        one="from fractions import Fraction as F\nGenerator = 'mine'\n"
        "def half(x):\n    return F(x, 2)",
        two="from collections.abc import Generator\nimport math as F\n"
        "def halves(x) -> Generator:\n    return F.sqrt(x)",
    )
    assert executed(code)["answer"] == (2, 2.0, "mine")


def test_equal_constants_become_one_and_equal_containers_stay_two():
    code = inlined(
        """
        from audio_assets.one import put_one
        from audio_assets.two import put_two
        answer = put_one(), put_two()
        """,
        one="import logging\nlogger = logging.getLogger(__name__)\n_SEEN = []\n"
        "def put_one():\n    logger.debug('')\n    _SEEN.append(1)\n    return _SEEN",
        two="import logging\nlogger = logging.getLogger(__name__)\n_SEEN = []\n"
        "def put_two():\n    logger.debug('')\n    _SEEN.append(2)\n    return _SEEN",
    )
    assert executed(code)["answer"] == ([1], [2])
    text = "\n".join(d for m in code.modules for d in m.definitions)
    assert text.count("getLogger") == 1


def test_a_name_of_the_cells_does_not_change_what_the_code_uses():
    code = inlined(
        """
        from audio_assets.one import area
        rows = 5
        answer = area(2)
        """,
        one="def rows(n):\n    return n * 3\ndef area(n):\n    return rows(n)",
    )
    assert executed(code)["answer"] == 6


def test_only_what_is_needed_comes_along_and_imports_inside_functions_too():
    code = inlined(
        """
        from audio_assets.one import run
        answer = run()
        """,
        one="from audio_assets.two import unused\n"
        "def run():\n    from audio_assets.two import late\n    return late()\n"
        "def other():\n    return unused()",
        two="def late():\n    return 'late'\ndef unused():\n    return 0",
    )
    assert executed(code)["answer"] == "late"
    assert "unused" not in str(code.modules)


def test_a_local_variable_that_would_catch_a_new_name_is_an_error():
    with pytest.raises(NotebookError, match=r"audio_assets\.one, line 2: a local variable"):
        inlined(
            """
            from audio_assets.one import run
            answer = run(1)
            """,
            one="from audio_assets.two import size as length\n"
            "def run(size):\n    return length(size)",
            two="def size(x):\n    return x",
        )


def test_a_global_statement_on_a_name_that_must_change_is_an_error():
    with pytest.raises(NotebookError, match="the global '_count'"):
        inlined(
            """
            from audio_assets.one import bump
            from audio_assets.two import other
            answer = bump(), other()
            """,
            one="_count = 0\ndef bump():\n    global _count\n    _count += 1\n    return _count",
            two="_count = 7\ndef other():\n    return _count",
        )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def run():\n    return __file__", "uses __file__"),
        (
            "PLACE = 'audio_assets.models.card:ModelCard'\ndef run():\n    return PLACE",
            "names 'aud",
        ),
        ("from audio_assets import two\ndef run():\n    return two.x", "as a module"),
        ("import audio_assets.two\ndef run():\n    return audio_assets.two.x", "as a module"),
        ("from .two import x\ndef run():\n    return x", "absolute imports"),
    ],
)
def test_what_a_notebook_cannot_do_is_refused_with_its_place(source, message):
    cells = "from audio_assets.one import run\nanswer = run()\n"
    with pytest.raises(NotebookError, match=message) as caught:
        inlined(cells, one=source, two="x = 1")
    assert "audio_assets.one" in str(caught.value)


def test_a_definition_can_be_replaced_by_another():
    code = inlined(
        """
        from audio_assets.one import run
        answer = run()
        """,
        replaced={("audio_assets.one", "make"): ("audio_assets.two", "make_other")},
        one="def make():\n    return 'plain'\ndef run():\n    return make()",
        two="def make_other():\n    return 'other'",
    )
    assert executed(code)["answer"] == "other"
    assert "plain" not in str(code.modules)
