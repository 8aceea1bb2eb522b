"""What every source of places must keep to."""

from __future__ import annotations

from pathlib import Path

from audio_assets.loaders.places.source import Unplaced, is_place, place_registry


class PlaceContract:
    """Subclass it and set `name` to a registered source of places."""

    name: str = ""

    def make_data_set(self, root: Path) -> list[Unplaced]:
        """Fill a directory with what the source reads; by default recordings that it cannot place.

        Args:
            root: an empty directory.

        Returns:
            The recordings to place.
        """
        (root / "sub").mkdir()
        (root / "a.wav").write_bytes(b"RIFF\x04\0\0\0WAVE")
        (root / "sub" / "b.flac").write_bytes(b"fLaC")
        return [Unplaced("a.wav"), Unplaced("sub/b.flac", row={"label": "dog"})]

    def test_it_is_registered(self) -> None:
        """Found by its name."""
        assert self.name in place_registry.names()

    def test_its_files_lie_in_the_folder(self, tmp_path: Path) -> None:
        """Sorted, existing, inside; their bytes enter the folder's version."""
        self.make_data_set(tmp_path)
        files = place_registry.get(self.name)().side_files(tmp_path)
        assert files == sorted(files)
        assert all(path.is_file() and path.is_relative_to(tmp_path) for path in files)

    def test_it_places_only_what_it_was_asked_for(self, tmp_path: Path) -> None:
        """Degrees on the globe for some of the recordings; the same when asked again."""
        recordings = self.make_data_set(tmp_path)
        memory = tmp_path / "answers.json"
        source = place_registry.get(self.name)()
        found = source.locate(tmp_path, recordings, memory)
        assert found.places.keys() <= {recording.path for recording in recordings}
        assert all(is_place(*place) for place in found.places.values())
        assert source.locate(tmp_path, recordings, memory).places == found.places

    def test_nothing_to_place_is_no_problem(self, tmp_path: Path) -> None:
        """An empty folder has neither places nor problems."""
        found = place_registry.get(self.name)().locate(tmp_path, [], None)
        assert (found.places, found.problems) == ({}, [])
