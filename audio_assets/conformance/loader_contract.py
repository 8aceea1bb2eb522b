"""What every data set loader must keep to."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import soundfile

from audio_assets.conformance.sounds import noise
from audio_assets.loaders.base import AudioDataLoader
from audio_assets.loaders.registry import data_loader_registry, get_loader


class LoaderContract:
    """Subclass it, set `name`, override `make_data_set` to write a tiny data set."""

    name: str = ""

    def make_data_set(self, root: Path) -> list[str]:
        """Write a data set with at least two recordings; return their relative paths."""
        paths = ["a/one.wav", "b/two.wav"]
        for seed, path in enumerate(paths):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(root / path, noise(8000, seed), 8000)
        return paths

    @pytest.fixture
    def paths(self, tmp_path: Path) -> list[str]:
        """Relative paths of the recordings of a tiny data set."""
        return sorted(self.make_data_set(tmp_path))

    @pytest.fixture
    def loader(self, paths: list[str], tmp_path: Path) -> AudioDataLoader:
        """The loader under test, on that data set."""
        return get_loader(self.name)(tmp_path)

    def test_it_is_registered(self) -> None:
        """Found by its name."""
        assert self.name in data_loader_registry.names()

    def test_it_implements_the_interface(self, loader: AudioDataLoader) -> None:
        """A subclass of AudioDataLoader with its name."""
        assert isinstance(loader, AudioDataLoader)
        assert type(loader).name == self.name

    def test_it_lists_every_recording_and_nothing_else(
        self, loader: AudioDataLoader, paths: list[str], tmp_path: Path
    ) -> None:
        """Absolute paths of files that exist, sorted."""
        found = loader.get_audio_paths()
        assert [p.relative_to(tmp_path).as_posix() for p in found] == paths
        assert all(p.is_file() for p in found)

    def test_metadata_has_one_row_per_recording(
        self, loader: AudioDataLoader, paths: list[str]
    ) -> None:
        """With the standard columns first."""
        table = loader.load_metadata()
        assert isinstance(table, pd.DataFrame)
        assert list(table.columns[:4]) == ["filepath", "label", "lat", "lon"]
        assert sorted(table["filepath"]) == paths

    def test_reading_twice_gives_the_same(self, loader: AudioDataLoader) -> None:
        """No state."""
        pd.testing.assert_frame_equal(loader.load_metadata(), loader.load_metadata())

    def test_spectrograms_are_a_mapping_of_existing_files(self, loader: AudioDataLoader) -> None:
        """Empty where none were made."""
        assert all(path.is_file() for path in loader.get_spectrogram_paths().values())

    def test_detection_is_a_verdict(self, paths: list[str], tmp_path: Path) -> None:
        """True or False, also for an empty directory."""
        (tmp_path / "empty").mkdir()
        assert isinstance(get_loader(self.name).detect(tmp_path), bool)
        assert isinstance(get_loader(self.name).detect(tmp_path / "empty"), bool)
