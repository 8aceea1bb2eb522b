"""The probe and the golden vector are checked when something changed, and only then."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator

import dagster as dg
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from audio_assets.errors import CheckpointError
from audio_assets.home import SHIPPED_CHECKPOINTS, Home
from audio_assets.models.adapters.runtime_card import (
    RuntimeCard,
    card_from_mapping,
    write_runtime_card,
)
from audio_assets.models.adapters.runtime_encoder import RuntimeEncoder
from audio_assets.models.encoder import load_encoder
from audio_assets.models.probe import PROBE_FILE, write_probe
from audio_assets.models.registry import resolve_checkpoint
from audio_assets.orchestration import probe_record
from audio_assets.orchestration.definitions import build_definitions
from audio_assets.orchestration.execution import execute, run_checks
from audio_assets.orchestration.partitions import CHECKPOINTS, Partition
from audio_assets.settings import Settings
from audio_assets_tests.unit.models_adapters.tiny_models import (
    CLASSES,
    WIDTH,
    card_fields,
    write_onnx,
)

NAME = "tiny"
Evaluate = Callable[[str], dg.AssetCheckEvaluation]


@pytest.fixture
def registered(home: Home) -> Home:
    """A home with a probed ONNX checkpoint."""
    directory = home.checkpoints / NAME
    directory.mkdir(parents=True)
    write_onnx(directory / "tiny.onnx")
    outputs = {"outputs": ["features", "probabilities"]}  # features alone are 0 for silence
    fields = card_fields("onnx", "tiny.onnx", dim=WIDTH + CLASSES, stage=outputs)
    write_runtime_card(card_from_mapping(fields, "test"), directory / "model.yaml")
    write_probe(load_encoder(directory), directory)
    return home


@pytest.fixture
def evaluate(registered: Home, settings: Settings) -> Iterator[Evaluate]:
    definitions = build_definitions(settings)
    with dg.DagsterInstance.ephemeral() as instance:

        def run(check: str) -> dg.AssetCheckEvaluation:
            partition = Partition(checkpoint=NAME)
            (found,) = run_checks(
                definitions, instance, ["model_checkpoint"], partition, only=check
            )
            return found

        yield run


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the models that were loaded."""
    found: list[str] = []
    start = RuntimeEncoder.__init__

    def counted(self, card, *rest, **options):
        found.append(card.name)
        start(self, card, *rest, **options)

    monkeypatch.setattr(RuntimeEncoder, "__init__", counted)
    return found


def test_a_sound_checkpoint_passes_both_and_is_not_loaded_again(evaluate: Evaluate, loads) -> None:
    assert evaluate("probe").passed
    assert loads == [NAME]
    evaluation = evaluate("golden_vector")
    assert evaluation.passed
    assert "onnxruntime" in str(evaluation.metadata["versions"].value)
    assert loads == [NAME], "one probe serves both checks until something changes"


def test_after_an_upgrade_it_is_run_again(evaluate: Evaluate, loads, monkeypatch) -> None:
    evaluate("golden_vector")
    monkeypatch.setattr(probe_record, "runtime_versions", lambda kind: {"onnxruntime": "99"})
    assert evaluate("golden_vector").passed
    assert len(loads) == 2


def test_other_weights_no_longer_give_the_golden_vector(
    evaluate: Evaluate, registered: Home
) -> None:
    assert evaluate("golden_vector").passed
    path = registered.checkpoints / NAME / "tiny.onnx"
    model = onnx.load(path)
    first = numpy_helper.to_array(model.graph.initializer[0])
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.flip(first).copy(), "w1"))
    onnx.save(model, path)
    evaluation = evaluate("golden_vector")
    assert not evaluation.passed
    assert evaluation.severity == dg.AssetCheckSeverity.ERROR
    assert "golden vector" in str(evaluation.description)
    assert evaluate("probe").passed, "the other model is sound in itself"


def test_a_changed_golden_vector_is_noticed(evaluate: Evaluate, registered: Home) -> None:
    assert evaluate("golden_vector").passed
    path = registered.checkpoints / NAME / PROBE_FILE
    content = json.loads(path.read_text())
    content["golden"][0] += 5 * max(map(abs, content["golden"]))
    path.write_text(json.dumps(content))
    assert not evaluate("golden_vector").passed


def test_a_model_that_cannot_be_loaded_fails_with_the_reason(
    evaluate: Evaluate, registered: Home
) -> None:
    (registered.checkpoints / NAME / "tiny.onnx").write_bytes(b"no model")
    evaluation = evaluate("probe")
    assert not evaluation.passed
    assert "tiny.onnx" in str(evaluation.description)


def test_a_bare_weights_file_has_no_golden_vector_and_that_is_a_warning(
    evaluate: Evaluate, registered: Home
) -> None:
    shutil.rmtree(registered.checkpoints / NAME)
    weights = SHIPPED_CHECKPOINTS / "audiomaepp-esc10" / "weights.safetensors"
    (registered.checkpoints / f"{NAME}.safetensors").symlink_to(weights)
    evaluation = evaluate("golden_vector")
    assert not evaluation.passed
    assert evaluation.severity == dg.AssetCheckSeverity.WARN
    assert "models add" in str(evaluation.description)


def test_registering_probes_new_weights_and_a_bad_model_is_refused(
    registered: Home, settings: Settings
) -> None:
    definitions = build_definitions(settings)
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(CHECKPOINTS.name), [NAME])
        done = execute(definitions, instance, ["model_checkpoint"], Partition(checkpoint=NAME))
        assert done.failed_checks == []
        checkpoint = resolve_checkpoint(NAME, registered)
        assert isinstance(checkpoint.card, RuntimeCard)
        wrong = checkpoint.card.model_copy(update={"dim": checkpoint.card.dim + 1})
        write_runtime_card(wrong, checkpoint.directory / "model.yaml")
        with pytest.raises(CheckpointError, match="dim"):
            execute(definitions, instance, ["model_checkpoint"], Partition(checkpoint=NAME))
