"""A home with services of its own, used as people use one: by the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_assets.home import Home
from audio_assets.settings import PROJECT_DIR

OPTIONS = {
    "AUDIO_ASSETS_UMAP_N_NEIGHBORS": "4",
    "AUDIO_ASSETS_CLUSTER_MIN_SIZE": "3",
    "AUDIO_ASSETS_TSNE_PERPLEXITY": "2",
    "AUDIO_ASSETS_DEVICE": "cpu",
}


@dataclass(frozen=True)
class OwnHome:
    """One home; every call is a process of its own."""

    root: Path

    @property
    def home(self) -> Home:
        return Home(self.root)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start the command with these words."""
        theirs = ("FIFTYONE_", "AUDIO_ASSETS_", "DAGSTER_")
        plain = {k: v for k, v in os.environ.items() if not k.startswith(theirs)}
        return subprocess.Popen(
            [sys.executable, "-m", "audio_assets.cli", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PROJECT_DIR,
            env={**plain, **OPTIONS, "AUDIO_ASSETS_HOME": str(self.root)},
        )  # fmt: skip

    def call(self, *words: str) -> str:
        """What it prints; it must succeed."""
        process = self.start(*words)
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        return out

    def run(self, folder: Path | str) -> dict[str, Any]:
        """Report of `audio-assets run FOLDER --checkpoint tiny --json`."""
        return json.loads(self.call("run", str(folder), "--checkpoint", "tiny", "--json"))

    def python(self, code: str) -> Any:
        """JSON that a program prints which has this home's FiftyOne loaded as `fo`."""
        process = subprocess.run(
            [sys.executable, "-c", PRELUDE + code], text=True, capture_output=True, cwd=PROJECT_DIR,
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith("FIFTYONE_")},
                "AUDIO_ASSETS_HOME": str(self.root),
            },
            check=False,
        )  # fmt: skip
        assert process.returncode == 0, process.stderr
        return json.loads(process.stdout.splitlines()[-1])


PRELUDE = """
import json
from audio_assets.explore.environment import load_fiftyone
from audio_assets.home import Home
fo = load_fiftyone(Home.of())
"""
