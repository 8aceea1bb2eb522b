"""A first run in a child process: a file that crashes its runtime takes only the child with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from audio_assets.errors import AudioAssetsError, CheckpointError
from audio_assets.models.adapters.inspection import file_sha256
from audio_assets.models.adapters.runtime_card import RuntimeCard
from audio_assets.models.adapters.stage_file import stage_path
from audio_assets.settings import PROJECT_DIR

SECONDS = 300
_measured: dict[str, int] = {}


def try_in_child(card: RuntimeCard, directory: Path) -> int:
    """Run a model once on noise in a child; remembered per file content within this process.

    Native runtimes trust their files: a damaged or hostile one may end the whole program without
    a word. Here it ends the child.

    Args:
        card: the checkpoint's card.
        directory: where its files lie.

    Returns:
        Length of the vector that it gave; the card's `dim` is not looked at.

    Raises:
        CheckpointError: when the model fails or the child dies, with the reason.
    """
    fields = {k: v for k, v in card.encoding_fields().items() if k != "dim"}
    key = f"{file_sha256(stage_path(directory, card.weights))} {json.dumps(fields, sort_keys=True)}"
    if key in _measured:
        return _measured[key]
    request = {"card": card.model_dump(mode="json"), "directory": str(directory.resolve())}
    paths = os.pathsep.join(filter(None, [str(PROJECT_DIR), os.environ.get("PYTHONPATH")]))
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__], input=json.dumps(request).encode(),
            capture_output=True, timeout=SECONDS,
            env={**os.environ, "PYTHONPATH": paths}, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise CheckpointError(f"{card.name!r} did not finish one input in {SECONDS} s.") from error
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise CheckpointError(
            f"{card.name!r} crashed the {card.kind} runtime ({name}) on its first input, so it "
            "cannot be used. The file is damaged or not what it says; get it again from its source."
        )
    lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
    if done.returncode or not lines or not lines[-1].startswith("ok "):
        errors = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise CheckpointError(
            lines[-1] if lines and done.returncode == 1 else
            f"{card.name!r} could not be tried: {errors[-1] if errors else 'no output'}"
        )  # fmt: skip
    _measured[key] = int(lines[-1].split()[1])
    return _measured[key]


def main() -> int:
    """Run the model described on stdin; prints `ok` and the dim, or the reason with status 1."""
    from audio_assets.models.adapters.runtime_encoder import RuntimeEncoder

    request = json.load(sys.stdin)
    card = RuntimeCard.model_validate(request["card"])
    try:
        encoder = RuntimeEncoder(card, Path(request["directory"]), workers=1, trusted=True)
    except AudioAssetsError as error:
        print(str(error).replace("\n", " "))
        return 1
    try:
        shape = (1, *encoder.transform.output_shape)
        noise = 0.1 * np.random.default_rng(0).standard_normal(shape)
        (vectors,) = encoder.pool.run(noise.astype(np.float32), card.runtime.stages[0].batch)
    except AudioAssetsError as error:
        print(str(error).replace("\n", " "))
        return 1
    finally:
        encoder.close()
    print("ok", vectors.shape[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
