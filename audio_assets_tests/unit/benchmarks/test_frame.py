"""The benchmark frame: every case has its form, results are judged and rendered; none is timed."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
import soundfile as sf

from benchmarks import bench, render
from benchmarks.case import Outcome, Ratio, Setup, Skipped
from benchmarks.clips import audio_files, vary
from benchmarks.encoders import NAMES, config_of, gflop
from benchmarks.machine import describe


@pytest.mark.parametrize("name", bench.case_names())
def test_every_case_has_a_title_and_a_measurement(name: str) -> None:
    module = importlib.import_module(f"benchmarks.cases.{name}")
    assert module.TITLE
    assert callable(module.measure)


def test_ratios_are_judged_by_their_direction() -> None:
    assert Ratio("a", 2.0, 1.5).met is True
    assert Ratio("a", 1.0, 1.5).met is False
    assert Ratio("a", 1.0, 1.5, at_least=False).met is True
    assert Ratio("a", None, 1.5).met is None


@pytest.mark.parametrize(("name", "stated"), zip(NAMES, (68.6, 35.1), strict=True))
def test_the_work_of_a_clip_is_that_of_the_published_encoders(name: str, stated: float) -> None:
    assert gflop(config_of(name)) == pytest.approx(stated, rel=0.01)


def test_variations_are_clips_in_the_layout_of_esc50_and_no_two_alike(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    sf.write(source / "tone.wav", [0.1, 0.2, -0.1, 0.0] * 3000, 22050)
    files = vary(source, tmp_path / "clips", 3)
    assert len({file.read_bytes() for file in files}) == 3
    assert all(sf.info(file).duration == pytest.approx(5.0, abs=0.01) for file in files)
    rows = (tmp_path / "clips" / "meta" / "esc50.csv").read_text().splitlines()
    assert len(rows) == 4


def test_a_folder_without_recordings_is_a_reason_to_skip(tmp_path: Path) -> None:
    with pytest.raises(Skipped, match="--recordings"):
        audio_files(tmp_path)


def test_a_skipped_case_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_: Setup) -> Outcome:
        raise Skipped("no such runtime here")

    monkeypatch.setattr("benchmarks.cases.previews.measure", nothing)
    found = bench.run_case("previews", Setup(tmp_path, tmp_path))
    assert found["skipped"] == "no such runtime here"
    assert found["machine"]["processors"] == describe()["processors"]


def test_the_page_gets_table_plot_and_machine_between_its_marks(tmp_path: Path) -> None:
    results, page = tmp_path / "results", tmp_path / "performance.md"
    results.mkdir()
    outcome = Outcome(ratios=[Ratio("ours to theirs", 12.0, 10.0), Ratio("rest", 0.5, 0.9)])
    case = {
        "case": "x", "title": "A case", "machine": describe(), **outcome.as_json(),
        "notes": ["sampled"],
    }  # fmt: skip
    (results / "x.json").write_text(json.dumps(case))
    (results / "other.json").write_text('{"windows": 3}')
    page.write_text(f"before\n{render.BEGIN}\nold\n{render.END}\nafter\n")
    render.render(results, page)
    text = page.read_text()
    assert "| A case | ours to theirs | 12 × | ≥ 10 × | met |" in text
    assert "**missed**" in text
    assert "- A case: sampled" in text
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert (tmp_path / render.PLOT).read_text().startswith("<?xml")
    again = text
    render.render(results, page)
    assert page.read_text() == again


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing")
    with pytest.raises(SystemExit, match="no place"):
        render.render(tmp_path, page)
