"""The signature names the device and precision in which a model really runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from audio_assets.errors import EncodingError
from audio_assets.models.adapters.runtime_card import card_from_mapping
from audio_assets.models.adapters.runtime_encoder import RuntimeEncoder
from audio_assets.models.encoder import load_encoder
from audio_assets.models.registry import DEFAULT_CHECKPOINT, resolve_checkpoint
from audio_assets.orchestration.resources import ComputeResource
from audio_assets.orchestration.signatures import check_compute, expected_signature
from audio_assets_tests.unit.models_adapters.tiny_models import card_fields, write_onnx
from audio_assets_tests.unit.orchestration.stored_pair import recordings_table

GPU = ComputeResource(device="cuda", precision="bf16")
CPU = ComputeResource(device="cpu", precision="fp32")
WEIGHTS = {"weights_sha256": "0" * 64}


def test_a_foreign_model_has_one_signature_whatever_the_settings_say(tmp_path: Path) -> None:
    write_onnx(tmp_path / "tiny.onnx")
    card = card_from_mapping(card_fields("onnx", "tiny.onnx"), "test")
    first, second = (expected_signature(card, WEIGHTS, recordings_table(2), c) for c in (CPU, GPU))
    assert first == second
    encoder = RuntimeEncoder(card, tmp_path, trusted=True)
    for compute in (CPU, GPU):
        check_compute(encoder, compute)


def test_a_torch_model_has_one_per_device_and_precision() -> None:
    card = resolve_checkpoint(DEFAULT_CHECKPOINT).card
    computes = (CPU, GPU, ComputeResource(device="cpu", precision="bf16"))
    signatures = {expected_signature(card, WEIGHTS, recordings_table(2), c) for c in computes}
    assert len(signatures) == 3


@pytest.mark.parametrize("told", [GPU, ComputeResource(device="cpu", precision="bf16")])
def test_an_encoder_that_runs_otherwise_than_it_would_be_signed_is_refused(
    told: ComputeResource,
) -> None:
    encoder = load_encoder(DEFAULT_CHECKPOINT, device="cpu")
    check_compute(encoder, CPU)
    with pytest.raises(EncodingError, match="runs on cpu in fp32"):
        check_compute(encoder, told)
