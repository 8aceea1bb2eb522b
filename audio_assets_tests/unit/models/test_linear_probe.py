"""A linear probe as a checkpoint: its vectors, its scores, and when it is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from audio_assets.encoding.signature import encoding_signature
from audio_assets.errors import CardError, CheckpointError, UsageError
from audio_assets.home import Home
from audio_assets.models.card import CARD_FILE, read_card, write_card
from audio_assets.models.encoder import load_encoder
from audio_assets.models.fake_checkpoint import ensure_fake_checkpoint
from audio_assets.models.linear_probe.head import LinearHead, read_head, write_head
from audio_assets.models.linear_probe.save import HEAD_FILE, save_linear_probe
from audio_assets.models.manage import remove, rename
from audio_assets.models.overview import model_rows
from audio_assets.models.registry import Checkpoint, resolve_checkpoint, weights_sha256
from audio_assets.orchestration.resources import ComputeResource
from audio_assets.recordings.resample import RESAMPLER
from audio_assets.recordings.windows import WindowGrid
from audio_assets.settings import FAKE_CHECKPOINT, Settings
from audio_assets.transforms.registry import make_transform

DIM = 64


def head(seed: int = 1, classes: int = 1) -> LinearHead:
    rng = np.random.default_rng(seed)
    weight, bias, center = rng.normal(size=(classes, DIM)), rng.normal(size=classes), np.zeros(DIM)
    return LinearHead(*(part.astype(np.float32) for part in (weight, bias, center)))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with the tiny checkpoint and a probe on it."""
    home = Home(tmp_path_factory.mktemp("probes")).ensure()
    ensure_fake_checkpoint(home)
    save_linear_probe(home, "wrens", FAKE_CHECKPOINT, head(), ("wren",), training={"class": "wren"})
    return home


@pytest.fixture
def copied(home: Home, tmp_path: Path) -> Home:
    """A copy of it that a test may spoil."""
    import shutil

    shutil.copytree(home.checkpoints, tmp_path / "checkpoints")
    return Home(tmp_path)


def probe_of(home: Home) -> Checkpoint:
    return resolve_checkpoint("wrens", home)


def signature_of(home: Home) -> str:
    card = probe_of(home).card
    return encoding_signature(
        card=card, weights_sha256=weights_sha256(probe_of(home)),
        transform=make_transform(card.transform.name, card.transform.params),
        grid=WindowGrid(policy="clip", window_s=5.0, hop_s=5.0), precision="fp32",
        device_class="cpu", resampler=RESAMPLER,
    )  # fmt: skip


def test_its_vectors_are_those_of_its_base_and_its_scores_those_of_its_head(home):
    waves = np.random.default_rng(3).normal(scale=0.1, size=(3, 22050)).astype(np.float32)
    probe = load_encoder(probe_of(home), device="cpu")
    base = load_encoder(resolve_checkpoint(FAKE_CHECKPOINT, home), device="cpu")
    vectors = probe.encode(waves, 22050)
    assert np.array_equal(vectors, base.encode(waves, 22050))
    scores = probe.scores(vectors)  # pyright: ignore[reportAttributeAccessIssue]
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = 1 / (1 + np.exp(-(units @ head().weight.T + head().bias)))
    assert scores == pytest.approx(expected, abs=1e-5)
    assert scores.shape == (3, 1)


def test_its_card_says_what_it_reads_and_under_which_licence(home):
    card = read_card(home.checkpoints / "wrens" / CARD_FILE)
    base = resolve_checkpoint(FAKE_CHECKPOINT, home)
    content = yaml.safe_load((home.checkpoints / "wrens" / CARD_FILE).read_text())
    assert content["base"]["name"] == FAKE_CHECKPOINT
    assert content["base"]["weights_sha256"] == weights_sha256(base)
    assert (card.licence, card.dim, card.runs_as) == (base.card.licence, DIM, base.card.kind)
    assert card.labels == ("wren",)
    assert {path.name for path in (home.checkpoints / "wrens").iterdir()} == {
        CARD_FILE, HEAD_FILE, "probe.json",
    }  # fmt: skip
    compute = ComputeResource(device="cpu")
    assert compute.effective(card) == compute.effective(base.card)


def test_a_new_head_or_new_class_names_make_another_signature(copied):
    before = signature_of(copied)
    assert signature_of(copied) == before
    write_head(head(seed=2), copied.checkpoints / "wrens" / HEAD_FILE)
    other_head = signature_of(copied)
    path = copied.checkpoints / "wrens" / CARD_FILE
    write_card(read_card(path).model_copy(update={"labels": ("robin",)}), path)
    assert len({before, other_head, signature_of(copied)}) == 3


def test_a_base_that_is_gone_is_named(copied):
    import shutil

    shutil.rmtree(copied.checkpoints / FAKE_CHECKPOINT)
    for use in (load_encoder, weights_sha256):
        with pytest.raises(CheckpointError, match=r"'fake', which is not there any more"):
            use(probe_of(copied))
    row = next(r for r in model_rows(copied, Settings(), None) if r["name"] == "wrens")
    assert "not there any more" in str(row["problem"])


def test_a_base_with_other_weights_is_refused(copied):
    weights = copied.checkpoints / FAKE_CHECKPOINT / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\1")
    with pytest.raises(CheckpointError, match="whose weights have changed since"):
        load_encoder(probe_of(copied))


def test_a_base_that_is_fed_otherwise_is_refused(copied):
    path = copied.checkpoints / FAKE_CHECKPOINT / CARD_FILE
    write_card(read_card(path).model_copy(update={"pooling": "mean"}), path)
    with pytest.raises(CheckpointError, match="whose card has changed since"):
        load_encoder(probe_of(copied))


def test_a_base_whose_licence_text_was_corrected_is_the_same_base(copied):
    path = copied.checkpoints / FAKE_CHECKPOINT / CARD_FILE
    write_card(read_card(path).model_copy(update={"licence": "CC0"}), path)
    assert load_encoder(probe_of(copied), device="cpu").dim == DIM


def test_a_base_that_classifiers_read_is_neither_removed_nor_renamed(copied):
    for change in (
        lambda: remove(FAKE_CHECKPOINT, copied),
        lambda: rename(FAKE_CHECKPOINT, "x", copied),
    ):
        with pytest.raises(UsageError, match="classifiers wrens read its vectors"):
            change()


def test_a_damaged_head_is_refused(copied):
    path = copied.checkpoints / "wrens" / HEAD_FILE
    broken = head()
    broken.weight[0, 0] = np.nan
    write_head(broken, path)
    with pytest.raises(CheckpointError, match="NaN"):
        read_head(path)
    path.write_bytes(b"\x80\x04 a pickle")
    with pytest.raises(CheckpointError, match="cannot be read as a linear head"):
        read_head(path)
    write_head(head(classes=2), path)
    with pytest.raises(CardError, match="number of labels 1"):
        load_encoder(probe_of(copied), device="cpu")


def test_a_taken_name_is_refused_unless_the_classifier_is_to_be_replaced(copied):
    with pytest.raises(UsageError, match="exists already"):
        save_linear_probe(copied, "wrens", FAKE_CHECKPOINT, head(2), ("wren",))
    with pytest.raises(UsageError, match="exists already"):
        save_linear_probe(
            copied, FAKE_CHECKPOINT, FAKE_CHECKPOINT, head(2), ("wren",), replace=True
        )
    save_linear_probe(copied, "wrens", FAKE_CHECKPOINT, head(2), ("wren",), replace=True)
    assert np.array_equal(
        read_head(copied.checkpoints / "wrens" / HEAD_FILE).weight, head(2).weight
    )


def test_what_cannot_be_saved_leaves_nothing_behind(copied):
    there = sorted(path.name for path in copied.checkpoints.iterdir())
    small = LinearHead(*(np.ones(s, np.float32) for s in ((1, 3), (1,), (3,))))
    with pytest.raises(CardError, match="dim"):
        save_linear_probe(copied, "new", FAKE_CHECKPOINT, small, ("wren",))
    with pytest.raises(UsageError, match="classifier itself"):
        save_linear_probe(copied, "new", "wrens", head(), ("wren",))
    with pytest.raises(UsageError, match="not usable"):
        save_linear_probe(copied, "../new", FAKE_CHECKPOINT, head(), ("wren",))
    assert sorted(path.name for path in copied.checkpoints.iterdir()) == there


def test_equal_heads_are_equal_files(tmp_path):
    for name in "ab":
        write_head(head(), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_scores_of_huge_and_of_zero_vectors_are_numbers_between_0_and_1():
    wild = LinearHead(
        np.full((1, 2), 1e4, np.float32), np.zeros(1, np.float32), np.zeros(2, np.float32)
    )
    scores = wild.scores(np.array([[1e15, 1e15], [-1e15, 0], [0, 0]], np.float32))
    assert scores[:, 0].tolist() == pytest.approx([1.0, 0.0, 0.5])
