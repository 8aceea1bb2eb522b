"""EmbeddingGenerator and its cache: TC-2 and TC-3 of the requirements page."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile as sf

from audio_assets.encoding.config import Config
from audio_assets.encoding.generator import EmbeddingGenerator
from audio_assets.errors import CheckpointError, UsageError
from audio_assets.settings import Settings
from audio_assets_tests.unit.encoding.stand_ins import (
    RATE,
    ProjectionEncoder,
    sound,
    write_folder,
)


@pytest.fixture
def config(tmp_path):
    return Config("x", data_root=tmp_path / "clips", cache_dir=tmp_path / "cache", num_workers=2)


def test_tc2_one_file_gives_one_vector_and_sixteen_give_sixteen(tmp_path, config):
    files = sorted(write_folder(tmp_path / "clips", 16).iterdir())
    generator = EmbeddingGenerator(ProjectionEncoder(), config)
    one, _ = generator.generate_embeddings(files[:1])
    many, metadata = generator.generate_embeddings(files)
    assert one.shape == (1, 24)
    assert many.shape == (16, 24)
    assert many.dtype == np.float32
    assert metadata["filenames"] == [file.name for file in files]
    assert np.array_equal(one[0], many[0])


def test_tc2_an_empty_list_gives_an_empty_array_and_a_warning(config, caplog):
    vectors, metadata = EmbeddingGenerator(ProjectionEncoder(), config).generate_embeddings([])
    assert vectors.shape == (0, 24)
    assert metadata["filenames"] == []
    assert "nothing to encode" in caplog.text


def test_tc2_corrupted_audio_is_skipped_with_an_error_in_the_log(tmp_path, config, caplog):
    files = sorted(write_folder(tmp_path / "clips", 3).iterdir())
    files[1].write_bytes(b"not a sound")
    files.append(tmp_path / "clips/missing.wav")
    vectors, metadata = EmbeddingGenerator(ProjectionEncoder(), config).generate_embeddings(files)
    assert vectors.shape == (2, 24)
    assert metadata["failed"] == ["clip001.wav", "missing.wav"]
    assert metadata["filenames"] == ["clip000.wav", "clip002.wav"]
    assert "clip001.wav is skipped" in caplog.text


def test_tc3_the_second_run_loads_the_cache_and_an_added_file_is_a_partial_update(tmp_path, config):
    files = sorted(write_folder(tmp_path / "clips", 4).iterdir())
    first, _ = EmbeddingGenerator(ProjectionEncoder(), config).generate_embeddings(files)
    encoder = ProjectionEncoder()
    generator = EmbeddingGenerator(encoder, config)
    second, _ = generator.generate_embeddings(files[::-1])
    assert encoder.calls == 0
    assert np.array_equal(second, first[::-1])
    sf.write(tmp_path / "clips/new.wav", sound(99, 1.0), RATE)
    third, _ = generator.generate_embeddings([*files, tmp_path / "clips/new.wav"])
    assert encoder.inputs == 1
    assert np.array_equal(third[:4], first)
    names = json.loads((tmp_path / "cache/metadata.json").read_text())["filenames"]
    stored = np.load(tmp_path / "cache/embeddings.npy")
    assert np.array_equal(stored[names.index("new.wav")], third[4])
    assert json.loads((tmp_path / "cache/config.json").read_text())["checkpoint_hash"] == ""


def test_tc3_a_changed_file_and_a_changed_model_are_encoded_again(tmp_path, config):
    files = sorted(write_folder(tmp_path / "clips", 3).iterdir())
    first, _ = EmbeddingGenerator(ProjectionEncoder(), config).generate_embeddings(files)
    sf.write(files[0], sound(98, 1.0), RATE)
    encoder = ProjectionEncoder()
    changed, _ = EmbeddingGenerator(encoder, config).generate_embeddings(files)
    assert encoder.inputs == 1
    assert not np.array_equal(changed[0], first[0])

    other = ProjectionEncoder()
    other.precision = "bf16"
    EmbeddingGenerator(other, config).generate_embeddings(files)
    assert other.inputs > 1


def test_without_the_cache_nothing_is_read_or_written(tmp_path, config):
    files = sorted(write_folder(tmp_path / "clips", 3).iterdir())
    encoder = ProjectionEncoder()
    generator = EmbeddingGenerator(encoder, config)
    generator.generate_embeddings(files, use_cache=False)
    calls = encoder.calls
    generator.generate_embeddings(files, use_cache=False)
    assert encoder.calls == 2 * calls
    assert not (tmp_path / "cache").exists()


def test_two_paths_of_the_same_bytes_both_get_their_vector(tmp_path, config):
    files = sorted(write_folder(tmp_path / "clips", 2).iterdir())
    twin = tmp_path / "clips/twin.wav"
    twin.write_bytes(files[0].read_bytes())
    vectors, _ = EmbeddingGenerator(ProjectionEncoder(), config).generate_embeddings([*files, twin])
    assert np.array_equal(vectors[0], vectors[2])


def test_a_torch_module_with_forward_encoder_gives_its_cls_token(tmp_path, config):
    import torch

    class Module(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.project = torch.nn.Linear(16, 12)

        def forward_encoder(self, spectrogram, mask_ratio):
            assert mask_ratio == 0.0
            return self.project(spectrogram.float() / 255), None, None

    from audio_assets_tests.unit.encoding.stand_ins import BandsTransform

    files = sorted(write_folder(tmp_path / "clips", 2).iterdir())
    generator = EmbeddingGenerator(Module(), config, BandsTransform())
    assert generator.generate_embeddings(files)[0].shape == (2, 12)
    with pytest.raises(CheckpointError, match="is no encoder"):
        EmbeddingGenerator(torch.nn.Linear(2, 2), config, BandsTransform())


def test_config_takes_every_setting_and_refuses_a_batch_of_nothing(tmp_path):
    settings = Settings(batch_size=7, embedding_field="vec", compute_tsne=False)
    config = Config.from_settings(settings, tmp_path, cache_dir=tmp_path)
    assert (config.batch_size, config.embedding_field, config.compute_tsne) == (7, "vec", False)
    with pytest.raises(UsageError, match="batch_size"):
        Config("x", batch_size=0)
