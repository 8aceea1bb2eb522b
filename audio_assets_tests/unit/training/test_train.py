"""A whole run on a handful of clips: it learns, resumes, exports and scores."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from audio_assets.errors import CheckpointError
from audio_assets.models.encoder import load_encoder
from audio_assets.models.probe import check_golden
from audio_assets.training import recipe
from audio_assets.training.__main__ import main
from audio_assets.training.settings import TrainingSettings
from audio_assets.training.train import train

TINY = TrainingSettings(
    train_folds=(1,),
    width=64,
    depth=1,
    first_hidden=32,
    second_hidden=32,
    teachers=1,
    texture_teachers=1,
    teacher_epochs=1,
    pretrain_epochs=1,
    pretrain_batch=4,
    finetune_epochs=2,
    finish_epochs=1,
    finetune_batch=4,
    save_every=1,
    loader_processes=0,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tones and noises of one second, eight for each of two folds."""
    root = tmp_path_factory.mktemp("clips")
    (root / "meta").mkdir()
    (root / "audio").mkdir()
    rng = np.random.default_rng(0)
    rows = ["filename,fold,target,category"]
    for index in range(16):
        fold, target = 1 + index // 8, index % 2
        seconds = np.arange(22050) / 22050
        tone = np.sin(2 * np.pi * rng.uniform(300, 900) * seconds)
        sound = 0.3 * (tone if target else rng.standard_normal(22050))
        soundfile.write(root / "audio" / f"{index}.wav", sound, 22050)
        rows.append(f"{index}.wav,{fold},{target},{'tone' if target else 'noise'}")
    (root / "meta" / "esc50.csv").write_text("\n".join(rows))
    return root


def _weights(encoder: torch.nn.Module) -> torch.Tensor:
    return torch.cat([value.detach().flatten() for value in encoder.parameters()])


def test_a_run_exports_a_checkpoint_that_loads_and_scores(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    scores = train(folder, out, settings=TINY, test_fold=2)
    assert scores is not None
    assert scores.queries == 8
    encoder = load_encoder(out, device="cpu")
    assert (encoder.card.name, encoder.dim) == ("mine", 64)
    assert check_golden(encoder, out) > 0.99999
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine"]
    assert main(["evaluate", str(out), str(folder), "--folds", "1", "--query-fold", "2"]) == 0


def test_a_stopped_run_ends_where_an_unbroken_one_does(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = recipe.read_training_clips(folder, TINY)
    whole = recipe.train_encoder(clips, TINY, tmp_path / "whole.pt", resume=False)
    state = tmp_path / "broken.pt"
    save = recipe.RunState.save
    saved: list[tuple[str, int]] = []

    def stop(self: recipe.RunState, stage: str, epoch: int, parts: dict) -> None:
        save(self, stage, epoch, parts)
        saved.append((stage, epoch))
        if stage != "teacher":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(recipe.RunState, "save", stop)
        for _ in range(4):
            with pytest.raises(KeyboardInterrupt):
                recipe.train_encoder(clips, TINY, state, resume=True)
    assert saved == [
        ("teacher", 1),
        ("teacher", 1),
        ("pretrain", 1),
        ("finetune", 1),
        ("finetune", 2),
        ("finish", 1),
    ]
    resumed = recipe.train_encoder(clips, TINY, state, resume=True)
    assert torch.equal(_weights(resumed), _weights(whole))


def test_a_state_of_other_settings_is_refused(folder: Path, tmp_path: Path) -> None:
    clips = recipe.read_training_clips(folder, TINY)
    recipe.train_encoder(clips, TINY, tmp_path / "a.pt", resume=True)
    other = replace(TINY, weight_decay=0.5)
    with pytest.raises(CheckpointError, match="other settings"):
        recipe.train_encoder(clips, other, tmp_path / "a.pt", resume=True)
    (tmp_path / "a.pt").write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match="damaged"):
        recipe.train_encoder(clips, TINY, tmp_path / "a.pt", resume=True)


def test_a_validation_fold_is_watched(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = replace(TINY, validation_fold=2, teacher_epochs=0)
    with caplog.at_level("INFO"):
        clips = recipe.read_training_clips(folder, settings)
        recipe.train_encoder(clips, settings, tmp_path / "a.pt", resume=True)
    assert "finetune validation epoch 2/2 knn5 " in caplog.text


def test_batches_made_ahead_are_the_same(folder: Path) -> None:
    from audio_assets.training.batches import BatchMaker
    from audio_assets.training.loader import BatchStream, load_ahead
    from audio_assets.transforms.logmel_image import LogmelImage

    clips = recipe.read_training_clips(folder, TINY)
    maker = BatchMaker(clips, LogmelImage(), seed=1, mix_share=0.5, synthetic_share=0.25)
    stream = BatchStream(maker, 1, range(2), 4)
    inline, ahead = list(load_ahead(stream, 0)), list(load_ahead(stream, 1))
    assert len(inline) == len(ahead) == 2 * maker.steps(4)
    for first, second in zip(inline, ahead, strict=True):
        assert torch.equal(first.images, second.images)
        assert torch.equal(first.labels, second.labels)
        assert first.labels.sum(dim=1).tolist() == pytest.approx([1.0] * 4)


def test_the_command_reports_errors_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(tmp_path), str(tmp_path / "out")]) == 1
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "esc50.csv is missing" in captured.err
    with pytest.raises(json.JSONDecodeError):
        json.loads(captured.out)
