import pytest

from audio_assets.errors import UsageError
from audio_assets.loaders.base import AudioDataLoader
from audio_assets.loaders.registry import (
    data_loader_registry,
    detect_loader,
    get_loader,
    loader_names,
    register_loader,
)


def test_the_built_in_loaders_are_there():
    assert {"custom", "esc50"} <= set(loader_names())
    assert get_loader("esc50").name == "esc50"


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UsageError, match="custom, esc50"):
        get_loader("nope")


@pytest.fixture
def xyz():
    @register_loader("xyz")
    class Xyz(get_loader("custom")):
        @classmethod
        def detect(cls, root):
            return (root / "xyz").exists()

    yield Xyz
    data_loader_registry.unregister("xyz")


def test_a_new_layout_is_found_before_the_fallback(tmp_path, xyz):
    assert detect_loader(tmp_path) == "custom"
    (tmp_path / "xyz").touch()
    assert detect_loader(tmp_path) == "xyz"
    assert get_loader("xyz") is xyz


def test_a_taken_name_is_refused(xyz):
    with pytest.raises(UsageError, match="belongs to"):
        register_loader("xyz")(get_loader("esc50"))
    with pytest.raises(UsageError, match="belongs to"):
        register_loader("esc50")(xyz)


def test_the_interface_is_abstract(tmp_path):
    with pytest.raises(TypeError, match="abstract"):
        AudioDataLoader(tmp_path)
