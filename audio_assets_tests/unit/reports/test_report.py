"""Reports of hand-made homes: every section in HTML and PDF, and what is said where things lack."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

import audio_assets
from audio_assets.analysis.quality import knn_accuracy, precision_at_k
from audio_assets.analysis.retrieval import recording_retrieval
from audio_assets.errors import NotFoundError, NotMaterializedError, UsageError
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.reading import load_embeddings
from audio_assets.reports.document import Document, Section, Text
from audio_assets.reports.figures.canvas import DPI
from audio_assets.reports.figures.timeline import Track, along_recordings
from audio_assets.reports.fonts import dejavu
from audio_assets.reports.gathering import gather
from audio_assets.reports.html import write_html
from audio_assets.reports.pdf import write_pdf
from audio_assets.reports.writing import write_document
from audio_assets.settings import Settings
from audio_assets.storage import read_parquet, write_parquet
from audio_assets_tests.unit.reports.reported_home import (
    HOSTILE,
    MODEL,
    add_times_and_places,
    add_troubles,
    reported_home,
)

MADE = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
SECTIONS = [
    "Summary", "Data", "Files with problems", "Spectrograms", "Embedding space",
    "Nearest neighbours and retrieval", "Clusters", "Over time", "Outliers", "Provenance",
]  # fmt: skip


class Page(HTMLParser):
    """Headings, text, pictures and addresses of a page."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.text = ""
        self.pictures: list[dict[str, str | None]] = []
        self.tags: set[str] = set()
        self._tag = ""
        self.feed(html.decode())

    def handle_starttag(self, tag, attrs):
        self._tag = tag
        self.tags.add(tag)
        if tag == "img":
            self.pictures.append(dict(attrs))

    def handle_data(self, data):
        if self._tag == "h2" and data.strip():
            self.headings.append(data)
        if self._tag != "style":
            self.text += data


def settings_of(home: Home) -> Settings:
    return Settings(home=home.root, checkpoint=MODEL)


def contents_of(home: Home):
    return gather("reef", MODEL, settings_of(home), made=MADE)


def text_of(pdf: bytes) -> str:
    from pypdf import PdfReader

    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    assert all(len(page.strip()) > 40 for page in pages), "a page without anything on it"
    return " ".join(" ".join(pages).split())


@pytest.fixture(scope="module")
def full(tmp_path_factory) -> Home:
    home = Home(tmp_path_factory.mktemp("full")).ensure()
    reported_home(home)
    add_troubles(home)
    return home


@pytest.fixture(scope="module")
def document(full):
    return write_document(contents_of(full))


def test_everything_is_gathered(full):
    contents = contents_of(full)
    assert contents.overview.status == {"ok": 24, "failed": 1, "duplicate": 1}
    assert contents.overview.seconds == 240
    assert [t.kind for t in contents.troubles] == ["failed", "duplicate"]
    assert contents.class_sizes() == {"<i>R&B</i>": 12, "crow": 12, "rain": 12, "whale": 12}
    assert contents.retrieval is not None
    assert contents.retrieval.by == "fold"
    assert (contents.retrieval.truth == contents.retrieval.predicted).all()
    assert contents.clusters is not None
    assert len(contents.clusters.names) == 4
    assert contents.clusters.against_labels["ari"] == 1.0
    assert [m.name for m in contents.maps] == ["UMAP", "t-SNE"]
    assert contents.gaps == ()


def test_the_typical_windows_of_a_class_are_the_nearest_to_its_mean(full):
    contents = contents_of(full)
    _, vectors = load_embeddings("reef", MODEL, settings=settings_of(full))
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = np.flatnonzero(contents.labels == "whale")
    cosine = units[rows] @ units[rows].mean(axis=0)
    assert contents.typical["whale"] == tuple(rows[np.argsort(-cosine)[:3]])


def test_retrieval_by_recording_agrees_with_the_measures_over_all(full):
    windows, vectors = load_embeddings("reef", MODEL, settings=settings_of(full))
    noisy = vectors + np.random.default_rng(5).normal(size=vectors.shape).astype(np.float32)
    labels = windows["label"].tolist()
    found = recording_retrieval(windows.drop(columns="fold"), noisy, labels, k=5)
    means, names = (noisy[::2] + noisy[1::2]) / 2, np.array(labels[::2])
    assert found.by == "recording"
    accuracy = (found.truth == found.predicted).mean()
    assert accuracy == pytest.approx(knn_accuracy(means, names, k=5))
    assert found.precision.mean() == pytest.approx(precision_at_k(means, names, k=5))
    assert 0 < found.precision.mean() < 1
    some = recording_retrieval(windows, noisy, labels, k=5, most=8)
    assert len(some.truth) == 8
    assert (some.by, some.labelled) == ("fold", 24)


def test_windows_are_looked_up_where_labels_differ_inside_recordings(full):
    windows, vectors = load_embeddings("reef", MODEL, settings=settings_of(full))
    labels = ["song", "noise"] * (len(windows) // 2)
    found = recording_retrieval(windows.drop(columns="fold"), vectors, labels, k=5)
    assert (found.by, found.unit, found.labelled) == ("window", "window", len(windows))
    assert found.truth.tolist() == labels


def test_html_has_every_section_and_escaped_names(document):
    html = write_html(document)
    page = Page(html)
    assert page.headings == SECTIONS
    assert HOSTILE in page.text
    assert "ends <early> & badly" in page.text
    assert "<i>R&B</i>" in page.text
    assert {"script", "b", "i", "link"}.isdisjoint(page.tags)
    assert b"http" not in html.replace(b"http-equiv", b"")
    assert len(html) < 8_000_000


def test_html_pictures_decode_and_say_what_they_show(document):
    page = Page(write_html(document))
    assert len(page.pictures) >= 8
    for picture in page.pictures:
        kind, _, content = str(picture["src"]).partition(",")
        assert kind == "data:image/png;base64"
        image = Image.open(io.BytesIO(base64.b64decode(content)))
        image.load()
        assert np.asarray(image).std() > 1, picture["alt"]
        assert picture["alt"]


def test_pdf_has_every_section_and_the_names(document):
    text = text_of(write_pdf(document))
    for title in SECTIONS:
        assert title in text
    assert "ends <early> & badly" in text
    assert "кит" in text
    assert "$x_1$" in text
    assert "<i>R&B</i>" in text


def test_letters_that_dejavu_lacks_are_set_in_another_font_or_as_numbers(monkeypatch):
    lines = Section(
        "one",
        "A section",
        [
            Text(
                "The letter \N{LATIN SMALL LETTER D WITH PALATAL HOOK} "
                "and a whale in \N{CJK UNIFIED IDEOGRAPH-9BE8}."
            )
        ],
    )
    document = Document("Letters", "of a file's name", MADE, [lines])
    other = {"STIXGeneral": dejavu("STIXGeneral")}
    monkeypatch.setattr("audio_assets.reports.pdf_fonts.fallback_fonts", lambda: other)
    text = text_of(write_pdf(document))
    assert "The letter \N{LATIN SMALL LETTER D WITH PALATAL HOOK} and" in text
    assert "<U+9BE8>" in text


def test_equal_contents_give_equal_files(full, document):
    again = write_document(contents_of(full))
    assert write_html(document) == write_html(again)
    assert write_pdf(document) == write_pdf(again)


def test_a_folder_without_labels_says_what_is_missing(tmp_path):
    home = Home(tmp_path).ensure()
    reported_home(home, labelled=False)
    contents = contents_of(home)
    assert contents.retrieval is None
    page = Page(write_html(write_document(contents)))
    assert page.headings == [SECTIONS[0], "What is missing, and why", *SECTIONS[1:]]
    assert "The recordings have no labels." in page.text
    assert "Confusion matrix and retrieval quality" in page.text


def test_one_recording_is_enough_for_a_report(tmp_path):
    home = Home(tmp_path).ensure()
    reported_home(home, recordings=1)
    contents = contents_of(home)
    assert contents.missing("retrieval") == "Only one recording has a label; neighbours need two."
    document = write_document(contents)
    assert Page(write_html(document)).headings[0] == "Summary"
    assert "1 recording" in text_of(write_pdf(document)) or "1, 10 s" in text_of(
        write_pdf(document)
    )


def test_what_was_not_computed_is_named_with_the_reason(tmp_path):
    home = Home(tmp_path).ensure()
    reported_home(home)
    for name in ("umap_coords", "clusters"):
        home.asset(name, folder="reef", checkpoint=MODEL).unlink()
    contents = contents_of(home)
    assert {gap.what for gap in contents.gaps} == {"UMAP", "clusters"}
    page = Page(write_html(write_document(contents)))
    assert "UMAP is not shown. It has not been computed" in page.text
    assert "They have not been computed" in page.text


def test_windows_newer_than_the_clusters_are_told(tmp_path):
    home = Home(tmp_path).ensure()
    reported_home(home)
    path = home.asset("clusters", folder="reef", checkpoint=MODEL)
    write_parquet(path, read_parquet(path).slice(6))
    contents = contents_of(home)
    assert contents.missing(
        "clusters of all windows",
    ).startswith("6 windows came later")
    assert (contents.clusters.number[:6] == -1).all()
    write_document(contents)


def test_times_and_places_are_drawn(tmp_path):
    home = Home(tmp_path).ensure()
    reported_home(home)
    add_times_and_places(home)
    FolderRegistry(home).update("reef", timezone="+02:00")
    page = Page(write_html(write_document(contents_of(home))))
    shown = [picture["alt"] for picture in page.pictures]
    assert "Map of the recording places" in shown
    assert {"cluster over the day", "cluster over the dates"} <= set(shown)
    assert "2 places with 48 windows" in page.text
    assert "Time of day in +02:00" in page.text


def test_windows_along_long_recordings_are_drawn():
    starts = np.arange(0.0, 600.0, 5.0)
    track = Track("deep $sea$.wav", starts, starts + 5, np.arange(120) % 5 - 1)
    drawing = along_recordings([track], ["0: whale", "1", "2", "3"])
    image = np.asarray(Image.open(io.BytesIO(drawing.png)).convert("RGB"))
    assert image.shape[:2] == (round(drawing.height * DPI), round(drawing.width * DPI))
    assert (image == (0x2F, 0x7E, 0xD8)).all(axis=2).any()  # the colour of the first cluster


@pytest.mark.slow
def test_ten_thousand_windows_stay_a_small_file(tmp_path):
    home = Home(tmp_path).ensure()
    reported_home(home, recordings=5000, pictured=40)
    contents = contents_of(home)
    assert len(contents.windows) == 10_000
    document = write_document(contents)
    html = write_html(document)
    assert len(html) < 3_000_000
    assert len(write_pdf(document)) < 3_000_000


def test_the_command_says_in_a_sentence_what_is_not_there(full):
    done = subprocess.run(
        [sys.executable, "-m", "audio_assets.cli", "report", "reef", "--checkpoint", "other"],
        env={**os.environ, "AUDIO_ASSETS_HOME": str(full.root)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert "embeddings of folder 'reef' under 'other' has not been computed" in done.stderr
    assert "Traceback" not in done.stderr


def test_report_writes_where_it_is_told(full, tmp_path):
    settings = settings_of(full)
    one = audio_assets.report("reef", output=tmp_path / "r.pdf", settings=settings)
    assert one == [tmp_path / "r.pdf"]
    assert one[0].read_bytes().startswith(b"%PDF-")
    root = full.root / "sounds" / "reef"
    both = audio_assets.report(root, MODEL, output=tmp_path / "new" / "place", settings=settings)
    assert [p.name for p in both] == [f"reef@{MODEL}.html", f"reef@{MODEL}.pdf"]
    assert both[0].read_bytes().startswith(b"<!doctype html>")


def test_what_cannot_be_reported_is_refused_with_the_reason(full, tmp_path):
    settings = settings_of(full)
    with pytest.raises(NotMaterializedError, match=r"audio-assets run .* --checkpoint other"):
        audio_assets.report("reef", "other", settings=settings)
    with pytest.raises(NotFoundError, match="Registered: reef"):
        audio_assets.report("desert", settings=settings)
    with pytest.raises(UsageError, match=r"neither \.html nor \.pdf"):
        audio_assets.report("reef", output=tmp_path / "r.docx", settings=settings)
