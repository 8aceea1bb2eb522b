"""The quick look at a directory, and when a change counts as finished."""

from __future__ import annotations

import os
from pathlib import Path

from audio_assets.orchestration.folder_look import Memory, look, remember, still


def test_names_sizes_and_times_are_seen_and_hidden_files_are_not(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.wav").write_bytes(b"1")
    first = look(tmp_path)
    assert first.files == 1
    (tmp_path / ".b.wav.part").write_bytes(b"1")
    assert look(tmp_path).fingerprint == first.fingerprint
    (tmp_path / "sub" / "a.wav").write_bytes(b"12")
    assert look(tmp_path).fingerprint != first.fingerprint


def test_a_name_that_is_not_unicode_is_no_obstacle(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.wav")).write_bytes(b"1")
    assert look(tmp_path).files == 1


def test_a_dangling_link_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.wav").symlink_to("gone.wav")
    assert look(tmp_path).files == 0


def test_a_change_starts_the_clock_again(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"1")
    found = look(tmp_path)
    memory = remember(Memory(), found, now=found.newest + 1)
    assert not still(memory, found, found.newest + 1, debounce_s=5)
    assert still(memory, found, found.newest + 5, debounce_s=5)
    assert remember(memory, found, now=found.newest + 9) == memory
