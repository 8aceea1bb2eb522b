import pytest

from audio_assets.errors import UsageError
from audio_assets.loaders import registry
from audio_assets.loaders.base import AudioDataLoader
from audio_assets.loaders.registry import get_loader, loader_names, register_loader


def test_the_built_in_loaders_are_there():
    assert {"custom", "esc50"} <= set(loader_names())
    assert get_loader("esc50").name == "esc50"


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UsageError, match="auto, custom, esc50"):
        get_loader("nope")


def test_a_new_layout_is_found_before_the_fallback(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_LOADERS", dict(registry._LOADERS))

    @register_loader("xyz")
    class Xyz(get_loader("custom")):
        @classmethod
        def detect(cls, root):
            return (root / "xyz").exists()

    assert registry.detect_loader(tmp_path) == "custom"
    (tmp_path / "xyz").touch()
    assert registry.detect_loader(tmp_path) == "xyz"
    with pytest.raises(UsageError, match="exists already"):
        register_loader("xyz")(get_loader("esc50"))


def test_the_interface_is_abstract(tmp_path):
    with pytest.raises(TypeError, match="abstract"):
        AudioDataLoader(tmp_path)
