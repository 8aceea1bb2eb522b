"""A process that puts folders through: one JSON line in, one out. `python -m … .worker`."""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soundfile as sf

from audio_assets.recordings import scan
from audio_assets.recordings.verdict import Verdict
from audio_assets.recordings.verify import verify
from audio_assets.recordings.verify_apart import Listener
from audio_assets_tests.hostile.passing import put_through
from audio_assets_tests.hostile.watching import Watch


def main() -> None:
    """Serve until the end of the input."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is not an answer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    scan.verify_apart = _verify_here
    _warm_up()
    watch = Watch()
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        root, scratch = Path(order["root"]), Path(order["scratch"])
        watch.begin(root, scratch)
        passed = put_through(root, scratch)
        passed.faults += [f"touched: {seen}" for seen in watch.end()]
        print(json.dumps(asdict(passed)), file=answers, flush=True)


def _verify_here(
    path: Path, name: str, known: str | None, listener: Listener | None
) -> Verdict | None:
    """Files are decoded in this process, where what they make it do is watched."""
    assert listener is None
    return verify(path, name, known)


def _warm_up() -> None:
    """Import everything once, so that no case pays for it, and limit the threads of it all once."""
    for _ in range(2):
        with tempfile.TemporaryDirectory(prefix="warm-") as scratch:
            root = Path(scratch) / "root"
            root.mkdir()
            tone = np.sin(np.arange(24000) / 10).astype(np.float32) / 2
            sf.write(root / "a.wav", tone, 22050)
            sf.write(root / "a.mp3", tone, 22050)
            put_through(root, Path(scratch))


if __name__ == "__main__":
    main()
