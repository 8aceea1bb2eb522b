"""A home that an earlier version wrote opens, and nothing of it is computed again."""

import tarfile
from pathlib import Path

import numpy as np
import pytest

from audio_assets.errors import UsageError
from audio_assets.home import FORMAT, Home
from audio_assets.reading import load_embeddings
from audio_assets.settings import load_settings
from audio_assets_tests.integration.homes.golden import CLIPS
from audio_assets_tests.integration.homes.own_home import OwnHome

GOLDEN = sorted(Path(__file__).parent.glob("golden-*.tar.xz"))


def test_there_is_one_of_every_format():
    assert [path.name for path in GOLDEN] == [f"golden-{n}.tar.xz" for n in range(1, FORMAT + 1)]


@pytest.mark.parametrize("archive", GOLDEN, ids=lambda path: path.name)
def test_a_golden_home_opens_and_its_vectors_are_kept(archive, tmp_path):
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    own = OwnHome(tmp_path / "golden")
    settings = load_settings(home=own.root)
    windows, vectors = load_embeddings("tones", "tiny", settings=settings)
    assert vectors.shape == (CLIPS, 64)
    try:
        report = own.run(own.home.audio / "tones")
        assert (report["windows"], report["failed"], report["failed_checks"]) == (CLIPS, [], [])
        assert (report["encoded"], report["reused"]) == (0, CLIPS)
        now, again = load_embeddings("tones", "tiny", settings=settings)
        assert now["window_id"].tolist() == windows["window_id"].tolist()
        assert np.array_equal(again, vectors)
        shown = own.python('print(json.dumps(fo.load_dataset("tones").values("filepath")))')
        assert len(shown) == CLIPS
        assert all(Path(path).is_file() for path in shown)
    finally:
        own.call("stop")


@pytest.mark.parametrize(
    ("text", "said"),
    [('{"format": 99}', "newer version"), ("{", "cannot be read"), ("[]", "cannot be read")],
)
def test_a_home_of_another_format_is_refused_with_a_sentence(tmp_path, text, said):
    home = Home(tmp_path)
    home.format_file.write_text(text)
    with pytest.raises(UsageError, match=said):
        home.ensure()
    assert not home.data.exists()


def test_a_home_says_its_format_once(tmp_path):
    home = Home(tmp_path / "home").ensure()
    assert home.format_file.read_text() == f'{{"format": {FORMAT}}}\n'
    home.format_file.unlink()
    assert home.ensure().format_file.exists(), "a home from before the mark gets it"
