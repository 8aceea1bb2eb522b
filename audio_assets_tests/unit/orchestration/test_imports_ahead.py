"""Libraries imported while something else is done."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from audio_assets.models.registry import resolve_checkpoint
from audio_assets.orchestration.imports_ahead import imported_meanwhile, libraries


def module(directory: Path, name: str, text: str) -> str:
    (directory / f"{name}.py").write_text(text)
    return name


def test_they_are_imported_in_the_background_and_awaited(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    slow = module(tmp_path, "ahead_slow", "import threading, time\ntime.sleep(0.3)\n"
                  "thread = threading.current_thread().name\n")  # fmt: skip
    with imported_meanwhile((slow,)):
        assert "ahead_slow" not in sys.modules or not hasattr(sys.modules["ahead_slow"], "thread")
    assert sys.modules["ahead_slow"].thread == "imports"


def test_no_other_is_begun_after_the_end(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    slow = module(tmp_path, "ahead_first", "import time\ntime.sleep(0.3)\n")
    late = module(tmp_path, "ahead_second", "")
    with imported_meanwhile((slow, late)):
        pass
    assert "ahead_first" in sys.modules
    assert "ahead_second" not in sys.modules


def test_one_that_cannot_be_imported_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    done = threading.Event()
    monkeypatch.setattr(sys, "ahead_done", done, raising=False)
    bad = module(tmp_path, "ahead_bad", "raise OSError('libgone.so')\n")
    good = module(tmp_path, "ahead_good", "import sys\nsys.ahead_done.set()\n")
    with imported_meanwhile((bad, good)):
        assert done.wait(10)


def test_torch_is_imported_only_for_a_model_that_it_runs():
    card = resolve_checkpoint("audiomaepp-esc10").card
    assert "torch" in libraries(card)
    assert "torch" not in libraries(card.model_copy(update={"kind": "tflite"}))
