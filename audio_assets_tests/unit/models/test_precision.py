"""`auto` takes bf16 where the machine has it and the card says that vectors agree, and says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import soundfile as sf

from audio_assets.encoding.encode import encode_folder
from audio_assets.encoding.signature import arithmetic
from audio_assets.home import Home
from audio_assets.models import precision
from audio_assets.models.card import CARD_FILE, ModelCard, read_card, write_card
from audio_assets.models.encoder import load_encoder
from audio_assets.models.linear_probe.head import LinearHead
from audio_assets.models.linear_probe.save import save_linear_probe
from audio_assets.models.manage import add
from audio_assets.models.precision import choose_precision, measure_agreement
from audio_assets.models.registry import resolve_checkpoint, weights_sha256
from audio_assets.orchestration.borrowing import vectors_to_reuse
from audio_assets.orchestration.resources import ComputeResource
from audio_assets.orchestration.signatures import expected_signature
from audio_assets.recordings.scan import scan_folder
from audio_assets.recordings.windows import WindowGrid, with_grid


@pytest.fixture
def card(tiny_checkpoint: Path) -> ModelCard:
    return read_card(tiny_checkpoint / CARD_FILE)


@pytest.fixture(params=[True, False], ids=["bf16 machine", "other machine"])
def fast(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    flags = {"amx_bf16"} if request.param else {"avx2"}
    monkeypatch.setattr(precision, "_flags", lambda: flags)
    precision.has_fast_bf16.cache_clear()
    yield request.param
    precision.has_fast_bf16.cache_clear()


@pytest.mark.parametrize(("cosine", "agrees"), [(None, False), (0.9989, False), (0.9995, True)])
def test_auto_needs_both_machine_and_model(
    card: ModelCard, fast: bool, cosine: float | None, agrees: bool
) -> None:
    card = card.model_copy(update={"bf16_cosine": cosine})
    expected = "bf16" if fast and agrees else "fp32"
    assert choose_precision("auto", card, "cpu") == expected
    assert ComputeResource(device="cpu").effective(card) == ("cpu", expected)


def test_what_is_asked_for_is_done(card: ModelCard, fast: bool) -> None:
    assert choose_precision("bf16", card, "cpu") == "bf16"
    assert choose_precision("fp32", card.model_copy(update={"bf16_cosine": 1.0}), "cpu") == "fp32"


def test_an_encoder_says_which_it_took(tiny_checkpoint: Path, card: ModelCard, fast: bool) -> None:
    write_card(card.model_copy(update={"bf16_cosine": 0.9999}), tiny_checkpoint / CARD_FILE)
    encoder = load_encoder(tiny_checkpoint, device="cpu", precision="auto")
    assert encoder.precision == ("bf16" if fast else "fp32")  # type: ignore[attr-defined]


def test_registering_measures_and_states_it(tmp_path: Path, tiny_checkpoint: Path) -> None:
    home = Home(tmp_path / "home").ensure()
    weights = tiny_checkpoint / "weights.safetensors"
    checkpoint, _ = add(str(weights), home, name="mine", licence="CC0-1.0")
    stated = checkpoint.card.bf16_cosine
    assert stated is not None
    assert 0.9 < stated <= 1.0
    assert stated == measure_agreement(resolve_checkpoint("mine", home))
    assert read_card(checkpoint.directory / CARD_FILE).bf16_cosine == stated


def test_the_shipped_card_states_what_is_measured() -> None:
    checkpoint = resolve_checkpoint("audiomaepp-esc10")
    assert checkpoint.card.bf16_cosine == pytest.approx(measure_agreement(checkpoint), abs=2e-4)


def test_a_card_with_the_statement_gives_the_same_signature_fields(card: ModelCard) -> None:
    stated = card.model_copy(update={"bf16_cosine": 0.9999})
    assert stated.encoding_fields() == card.encoding_fields()


@pytest.mark.parametrize("stated", [True, False])
def test_a_classifier_borrows_vectors_of_its_own_arithmetic_only(
    tmp_path: Path, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, stated: bool
) -> None:
    monkeypatch.setattr(precision, "_flags", lambda: {"amx_bf16"})
    precision.has_fast_bf16.cache_clear()
    home = Home(tmp_path / "home").ensure()
    base, _ = add(str(tiny_checkpoint / "weights.safetensors"), home, name="base", licence="CC0")
    write_card(base.card.model_copy(update={"bf16_cosine": 0.9999}), base.directory / CARD_FILE)
    head = LinearHead(np.ones((1, 128), np.float32), np.zeros(1, np.float32), np.zeros(128, "f4"))
    probe = save_linear_probe(home, "probe", "base", head, ("wren",))
    assert probe.card.bf16_cosine == 0.9999
    if not stated:  # saved before cards stated it
        card = probe.card.model_copy(update={"bf16_cosine": None})
        write_card(card, probe.directory / CARD_FILE)
        probe = resolve_checkpoint("probe", home)
    compute = ComputeResource(device="cpu")
    recordings = _recordings(tmp_path / "sounds")
    out = home.asset("embeddings", checkpoint="base", folder="sounds")
    base = resolve_checkpoint("base", home)
    weights = {"weights_sha256": weights_sha256(base)}
    encoder = compute.load_encoder(base)
    assert encoder.precision == "bf16"  # type: ignore[attr-defined]
    encode_folder(
        tmp_path / "sounds", recordings, encoder, previous=None, out=out, work_dir=tmp_path / "w",
        signature=expected_signature(base.card, weights, recordings, compute),
    )  # fmt: skip
    with vectors_to_reuse(home, probe, "sounds", recordings, compute, "0" * 64) as lent:
        assert (lent is not None) is stated
    precision.has_fast_bf16.cache_clear()


def _recordings(root: Path) -> pa.Table:
    root.mkdir()
    rng = np.random.default_rng(0)
    for name in ("a.wav", "b.wav"):
        sf.write(root / name, 0.1 * rng.standard_normal(22050), 22050)
    return with_grid(scan_folder(root), WindowGrid(policy="clip", window_s=5.0, hop_s=5.0))


def test_signatures_tell_the_packed_kernels_from_the_earlier_ones() -> None:
    assert arithmetic("fp32", "cpu") == "fp32"
    assert arithmetic("bf16", "cuda") == "bf16"
    assert arithmetic("bf16", "cpu") not in ("bf16", "fp32")
