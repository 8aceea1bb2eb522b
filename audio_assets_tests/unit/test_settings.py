from pathlib import Path

import pytest

from audio_assets.errors import SettingsError
from audio_assets.settings import PROJECT_DIR, Settings, load_settings


def test_every_setting_stands_in_the_table_of_the_docs():
    table = (PROJECT_DIR / "docs" / "settings.md").read_text()
    for name, field in Settings.model_fields.items():
        assert f"`AUDIO_ASSETS_{name.upper()}`" in table
        assert field.description
        assert field.description in table


def test_environment_variables_fill_the_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("AUDIO_ASSETS_HOME", str(tmp_path))
    monkeypatch.setenv("AUDIO_ASSETS_TSNE_PERPLEXITY", "12.5")
    settings = load_settings()
    assert settings.home == tmp_path
    assert settings.tsne_perplexity == 12.5


def test_a_wrong_value_is_named_with_its_variable(monkeypatch):
    monkeypatch.setenv("AUDIO_ASSETS_UMAP_N_NEIGHBORS", "many")
    with pytest.raises(SettingsError, match=r"AUDIO_ASSETS_UMAP_N_NEIGHBORS='many'"):
        load_settings()


def test_overrides_win_and_none_counts_as_not_given(monkeypatch):
    monkeypatch.setenv("AUDIO_ASSETS_SEED", "7")
    assert load_settings(seed=8).seed == 8
    assert load_settings(seed=None).seed == 7


def test_the_seed_specifications_fields_are_all_settings_or_arguments():
    wanted = {"device", "batch_size", "num_workers", "embedding_field", "persistent",
              "compute_umap", "compute_tsne", "add_synthetic_geo"}  # fmt: skip
    assert wanted <= set(Settings.model_fields)


def test_home_defaults_to_the_project_only_in_a_checkout():
    assert isinstance(load_settings().home, Path)
