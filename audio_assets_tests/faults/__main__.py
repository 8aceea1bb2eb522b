"""The long form: `make faults`, or `python -m audio_assets_tests.faults FOLDER [--moments N]`.

Kills a run of ingest, encoding, analyses and FiftyOne on real recordings before, during and after
every kind of moment at which something becomes durable, and at random times; starts two runs of
one folder; then lets other things go wrong under way (`troubles.py`), a full and a read-only disk
among them where file systems may be mounted. Prints what was found as JSON. Exit status 1 when an
output differs, something was lost, left behind or computed twice.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import soundfile as sf

from audio_assets.home import Home
from audio_assets_tests.faults.harness import Harness, Verdict, summary
from audio_assets_tests.faults.moments import sides_of
from audio_assets_tests.faults.troubled import troubled
from audio_assets_tests.faults.troubles import OWN_DISK, TROUBLES


def main() -> int:
    """Run it."""
    options = parse()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="faults-") as scratch:
        os.environ["HOME"] = scratch
        home = Home(Path(scratch) / "home")
        own_disk = mounted(home.root)
        home.ensure()
        from audio_assets.explore.environment import load_fiftyone
        from audio_assets.explore.mongod import stop_database
        from audio_assets_tests.tiny_checkpoint import write_tiny_checkpoint

        write_tiny_checkpoint(home.checkpoints / "tiny")
        load_fiftyone(home)
        recordings = Path(scratch) / "clips"
        gather(options.folder, recordings, options.recordings)
        harness = Harness(home, "tiny", recordings, Path(scratch))
        started = time.time()
        try:
            verdicts = list(aimed(harness, options.moments, rng))
            verdicts += [said(harness.twins(2.0 * n)) for n in range(options.twins)]
            verdicts += troubles(harness, options.troubles, own_disk, rng)
            verdicts += list(timed(harness, options.random, rng))
        finally:
            harness.close()
            stop_database(home)
            if own_disk:
                subprocess.run(["umount", "--lazy", str(home.root)], check=False)
    found = {
        "seed": options.seed,
        "moments": len(harness.moments),
        "kinds_of_moments": len(harness.named(rng)),
        **summary(verdicts),
        "seconds": round(time.time() - started),
    }
    text = json.dumps(found, indent=2)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")
    return 1 if found["faults"] else 0


def aimed(harness: Harness, count: int | None, rng: random.Random) -> Iterator[Verdict]:
    """Deaths at moments of every kind, files and database first; says each verdict at once."""
    named = sorted(
        harness.named(rng)[:count], key=lambda at: harness.moments[at]["kind"].startswith("dagster")
    )
    for at in named:
        for side in sides_of(harness.moments[at]["kind"]):
            yield said(harness.trial(at=at, side=side))


def timed(harness: Harness, count: int, rng: random.Random) -> Iterator[Verdict]:
    """Deaths at random times within the length of a run."""
    begun = time.monotonic()
    harness.run(harness.prepare("timed"))
    length = time.monotonic() - begun
    for _ in range(count):
        yield said(harness.trial(after_s=rng.uniform(0.0, length)))


def troubles(harness: Harness, count: int, own_disk: bool, rng: random.Random) -> list[Verdict]:
    """Each trouble at `count` random moments."""
    names = [name for name in TROUBLES if own_disk or name not in OWN_DISK]
    moments = range(len(harness.moments))
    return [said(troubled(harness, n, rng.choice(moments))) for n in names for _ in range(count)]


def mounted(place: Path) -> bool:
    """Give the home a small file system of its own, if we may: it can be filled."""
    place.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=2g", "faults", str(place)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def said(verdict: Verdict) -> Verdict:
    """One line of JSON as soon as it is known."""
    print(json.dumps(asdict(verdict)), file=sys.stderr, flush=True)
    return verdict


def gather(source: Path, root: Path, count: int) -> None:
    """The first minute of some recordings of a folder, as FLAC, and a file that is none."""
    root.mkdir()
    found = sorted(p for p in source.rglob("*") if p.suffix.lower() in {".wav", ".ogg", ".flac"})
    for path in found[:: max(1, len(found) // count)][:count]:
        with sf.SoundFile(path) as file:
            sound = file.read(min(file.frames, 60 * file.samplerate), dtype="float32")
            sf.write(root / f"{path.stem}.flac", sound, file.samplerate)
    (root / "broken.wav").write_bytes(b"this is no sound")


def parse() -> argparse.Namespace:
    """Options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="real recordings")
    parser.add_argument("--recordings", type=int, default=7)
    parser.add_argument("--moments", type=int, help="only so many kinds of them")
    parser.add_argument("--random", type=int, default=100, help="deaths at random times")
    parser.add_argument("--twins", type=int, default=4, help="two runs of one folder, so often")
    parser.add_argument("--troubles", type=int, default=2, help="so many of each kind")
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
