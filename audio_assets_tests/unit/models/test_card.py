"""Model cards: required fields, and what counts for a vector."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from audio_assets.errors import CardError
from audio_assets.models.card import CARD_FILE, read_card, write_card


def _changed(directory: Path, **changes: object) -> Path:
    path = directory / CARD_FILE
    content = yaml.safe_load(path.read_text()) | changes
    path.write_text(yaml.safe_dump({k: v for k, v in content.items() if v is not None}))
    return path


def test_a_card_comes_back_as_it_was_written(tiny_checkpoint: Path, tmp_path: Path) -> None:
    card = read_card(tiny_checkpoint / CARD_FILE)
    write_card(card, tmp_path / "copy.yaml")
    assert read_card(tmp_path / "copy.yaml") == card


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"licence": None}, "licence"),
        ({"licence": ""}, "licence"),
        ({"dim": 0}, "dim"),
        ({"pooling": "max"}, "pooling"),
        ({"name": "../up"}, "name"),
        ({"weights": "../other/w.pt"}, "weights"),
        ({"weights": "/w.pt"}, "weights"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_field_is_named(
    tiny_checkpoint: Path, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(CardError, match=field):
        read_card(_changed(tiny_checkpoint, **changes))


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "name: [", "\t"])
def test_a_file_that_is_no_card_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / CARD_FILE).write_text(text)
    with pytest.raises(CardError, match=CARD_FILE):
        read_card(tmp_path / CARD_FILE)


def test_prose_and_licence_do_not_change_the_encoding_fields(tiny_checkpoint: Path) -> None:
    before = read_card(tiny_checkpoint / CARD_FILE).encoding_fields()
    path = _changed(tiny_checkpoint, licence="MIT", description="other", citation="x", source="y")
    assert read_card(path).encoding_fields() == before
    changed = read_card(_changed(tiny_checkpoint, pooling="mean")).encoding_fields()
    assert changed != before
