"""The long form: `make faults`, or `python -m audio_assets_tests.faults FOLDER [--moments N]`.

Kills a run of ingest, encoding, analyses and FiftyOne on real recordings before, during and after
every kind of moment at which something becomes durable, and at random times; starts two runs of
one folder; then lets other things go wrong under way (`troubles.py`), a full and a read-only disk
among them where file systems may be mounted; there the disk is also full at every write of a file.
Prints what was found as JSON. Exit status 1 when an output differs, something was lost, left
behind or computed twice.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import soundfile as sf

from audio_assets.home import Home
from audio_assets_tests.faults.harness import Harness, Verdict, summary
from audio_assets_tests.faults.moments import TORN, sides_of
from audio_assets_tests.faults.troubled import troubled
from audio_assets_tests.faults.troubles import OWN_DISK, TROUBLES


def main() -> int:
    """Run it."""
    options = parse()
    rng = random.Random(options.seed)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what is mounted is unmounted
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
        found = Found(options, harness)
        try:
            found.add("aimed", aimed(harness, options.moments, rng))
            found.add("twins", (harness.twins(2.0 * n) for n in range(options.twins)))
            found.add("troubles", troubles(harness, options.troubles, own_disk, rng))
            found.add("full disk", filled(harness, options.fills if own_disk else 0, rng))
            found.add("timed", timed(harness, options.random, rng))
            found.finished = True
        finally:
            found.write()
            harness.close()
            stop_database(home)
            if own_disk:
                subprocess.run(["umount", "--lazy", str(home.root)], check=False)
    print(found.text())
    return 1 if found.faults() else 0


class Found:
    """What the trials showed so far, written after each: a round that is cut off has figures."""

    def __init__(self, options: argparse.Namespace, harness: Harness) -> None:
        self.options, self.harness, self.begun = options, harness, time.time()
        self.verdicts: dict[str, list[Verdict]] = {}
        self.finished = False

    def add(self, part: str, verdicts: Iterable[Verdict]) -> None:
        """Do the trials of one part; one line of JSON for each, as soon as it is known."""
        of_part = self.verdicts[part] = []
        for verdict in verdicts:
            of_part.append(verdict)
            print(json.dumps(asdict(verdict)), file=sys.stderr, flush=True)
            self.write()

    def write(self) -> None:
        """Write the file that was asked for."""
        if self.options.out:
            self.options.out.write_text(self.text() + "\n")

    def text(self) -> str:
        """JSON: counts of every part, and every fault with its moment."""
        moments = self.harness.moments
        kinds = {(moment["kind"], moment["name"]) for moment in moments}
        found = {
            "folder": self.options.folder.name, "seed": self.options.seed,
            "finished": self.finished, "moments": len(moments), "kinds_of_moments": len(kinds),
            "parts": {part: summary(verdicts) for part, verdicts in self.verdicts.items()},
            "seconds": round(time.time() - self.begun),
        }  # fmt: skip
        return json.dumps(found, indent=2)

    def faults(self) -> int:
        """Trials that did not end as promised."""
        return sum(bool(v.faults) for verdicts in self.verdicts.values() for v in verdicts)


def aimed(harness: Harness, count: int | None, rng: random.Random) -> Iterator[Verdict]:
    """Deaths at moments of every kind, files and database first; says each verdict at once."""
    named = sorted(
        harness.named(rng)[:count], key=lambda at: harness.moments[at]["kind"].startswith("dagster")
    )
    for at in named:
        for side in sides_of(harness.moments[at]["kind"]):
            yield harness.trial(at=at, side=side)


def timed(harness: Harness, count: int, rng: random.Random) -> Iterator[Verdict]:
    """Deaths at random times within the length of a run."""
    begun = time.monotonic()
    harness.run(harness.prepare("timed"))
    length = time.monotonic() - begun
    for _ in range(count):
        yield harness.trial(after_s=rng.uniform(0.0, length))


def troubles(harness: Harness, count: int, own_disk: bool, rng: random.Random) -> Iterator[Verdict]:
    """Each trouble at `count` random moments."""
    for name in TROUBLES:
        if own_disk or name not in OWN_DISK:
            for _ in range(count):
                yield troubled(harness, name, rng.randrange(len(harness.moments)))


def filled(harness: Harness, count: int | None, rng: random.Random) -> Iterator[Verdict]:
    """The disk is full from one write of a file on, for every such write."""
    writes = [at for at, moment in enumerate(harness.moments) if moment["kind"] == TORN]
    rng.shuffle(writes)
    for at in sorted(writes[:count]):
        yield troubled(harness, "fill", at)


def mounted(place: Path) -> bool:
    """Give the home a small file system of its own, if we may: it can be filled."""
    place.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=2g", "faults", str(place)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


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
    parser.add_argument("--fills", type=int, help="a full disk at so many writes")
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
