"""Looking at cards must not cost the seconds that torch takes to load."""

from __future__ import annotations

import subprocess
import sys

import pytest

MODULES = (
    "audio_assets.models",
    "audio_assets.models.card",
    "audio_assets.models.registry",
    "audio_assets.models.encoder",
    "audio_assets.models.probe",
    "audio_assets.transforms.registry",
)


@pytest.mark.parametrize("module", MODULES)
def test_the_module_does_not_import_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
