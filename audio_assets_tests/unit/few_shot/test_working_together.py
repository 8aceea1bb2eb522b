"""Several people on one folder: nothing is lost, nothing is overwritten in silence."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from audio_assets.catalogue.disagreements import disagreements, sentence
from audio_assets.catalogue.judgements import column_of, edits_of, judge, judgements
from audio_assets.catalogue.people import person
from audio_assets.home import Home
from audio_assets.orchestration.edits import apply_edits, window_edits
from audio_assets.reading import load_embeddings
from audio_assets.settings import Settings
from audio_assets.storage import read_parquet
from audio_assets_tests.unit.few_shot.labelled_space import CHECKPOINT, LabelledSpace

ROUNDS = 25


def label_for(root: Path, who: str, windows: list[str]) -> None:
    """One person's session: an append per answer."""
    home = Home(root)
    for number in range(ROUNDS):
        window = windows[number % len(windows)]
        judge(home, "yard", f"{who}-{number}", {(window, "000.wav"): "yes"}, by=who)


def test_two_sessions_at_once_lose_nothing(tmp_path):
    space = LabelledSpace(Home(tmp_path).ensure()).write()
    start = multiprocessing.get_context("spawn")
    people = [
        start.Process(target=label_for, args=(tmp_path, who, space.window_ids))
        for who in ("ana", "bob")
    ]
    for one in people:
        one.start()
    for one in people:
        one.join(60)
    assert [one.exitcode for one in people] == [0, 0]
    found = {edit["class"] for edit in edits_of(space.home, "yard")}
    assert found == {f"{who}-{number}" for who in ("ana", "bob") for number in range(ROUNDS)}


def test_the_newest_word_counts_and_both_are_kept(tmp_path):
    space = LabelledSpace(Home(tmp_path).ensure()).write()
    window = (space.window_ids[0], "000.wav")
    judge(space.home, "yard", "wren", {window: "yes"}, by="Ana")
    judge(space.home, "yard", "wren", {window: "no"}, by="Bob")
    edits = edits_of(space.home, "yard")
    last = judgements(edits, "wren")["000.wav"]
    assert (last.answer, last.by) == ("no", "Bob")
    assert last.edited is not None
    assert last.edited.endswith("+00:00")
    found = disagreements(edits)
    assert [(who, value) for who, value, _ in found[0].said] == [("Ana", "yes"), ("Bob", "no")]
    assert sentence(found) == "2 people disagree on 1 window"


def test_a_disagreement_ends_when_one_gives_way_takes_back_or_a_third_decides(tmp_path):
    space = LabelledSpace(Home(tmp_path).ensure()).write()
    first, second, third = ((i, f"{n:03}.wav") for n, i in enumerate(space.window_ids[:3]))
    judge(space.home, "yard", "wren", dict.fromkeys((first, second, third), "yes"), by="Ana")
    judge(space.home, "yard", "wren", dict.fromkeys((first, second, third), "no"), by="Bob")
    assert len(disagreements(edits_of(space.home, "yard"))) == 3
    judge(space.home, "yard", "wren", {first: "yes"}, by="Bob")
    judge(space.home, "yard", "wren", {second: None}, by="Ana")
    judge(space.home, "yard", "wren", {third: "no"}, by="Cem", settles=True)
    assert disagreements(edits_of(space.home, "yard")) == []
    assert len(edits_of(space.home, "yard")) == 9, "the record keeps every word"


def test_judgements_of_clips_reach_the_metadata_and_those_of_windows_reach_the_windows(tmp_path):
    clips = LabelledSpace(Home(tmp_path / "clips").ensure()).write()
    judge(clips.home, "yard", "wren", {(clips.window_ids[0], "000.wav"): "yes"}, by="Ana")
    metadata = read_parquet(clips.home.asset("metadata_table", folder="yard"))
    edited = apply_edits(clips.home, "yard", metadata)
    assert edited["is_wren"].to_pylist()[:2] == ["yes", None]

    long = LabelledSpace(Home(tmp_path / "long").ensure(), recordings=4, windows=3).write()
    judge(long.home, "yard", "wren", {(long.window_ids[1], "000.wav"): "no"}, by="Ana")
    assert window_edits(long.home, "yard") == {"is_wren": {long.window_ids[1]: "no"}}
    windows, _ = load_embeddings("yard", CHECKPOINT, settings=Settings(home=long.home.root))
    assert windows["is_wren"].tolist()[1] == "no"


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("Wren", "is_wren"),
        ("Wren (song)", "is_wren_song"),
        ("Zaunkönig", "is_zaunkonig"),
        ("x" * 100, None),
        ("歌", None),
    ],
)
def test_a_class_becomes_a_column_that_can_be_one(name, column):
    found = column_of(name)
    assert column in (None, found)
    assert found.isascii()
    assert len(found) < 63


def test_classes_in_other_scripts_have_columns_of_their_own():
    assert len({column_of(name) for name in ("歌", "鳥", "鳥 a", "a", "A")}) == 4


def test_who_it_is_comes_from_the_app_then_the_settings_then_the_account(monkeypatch):
    assert person("  Ana\n Maria ", Settings(user_name="lab")) == "Ana Maria"
    assert person("", Settings(user_name="lab")) == "lab"
    monkeypatch.setenv("LOGNAME", "account")
    assert person(None, Settings()) == "account"
    assert len(person("x" * 500, Settings())) == 80
