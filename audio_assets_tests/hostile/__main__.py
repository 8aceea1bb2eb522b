"""The long form: `make hostile`, or `python -m audio_assets_tests.hostile FOLDER [--cases N]`.

Makes hostile files of every format from seconds of real recordings, puts each through scan,
windows, model inputs and spectrograms in a process of its own, and prints what was found as JSON.
Exit status 1 when a file was neither processed nor named with a reason, took too long or too much
memory, or made the program open or start anything else.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from audio_assets_tests.hostile.corpus import cases
from audio_assets_tests.hostile.originals import FORMATS, has_av
from audio_assets_tests.hostile.tallying import try_all
from audio_assets_tests.hostile.trying import LIMIT_MB, LIMIT_S, Trier


def main() -> int:
    """Run it."""
    options = parse()
    formats = [f for f in options.formats or FORMATS if has_av() or f not in ("m4a", "aac")]
    scratch = options.keep or Path(tempfile.mkdtemp(prefix="hostile-"))
    scratch.mkdir(parents=True, exist_ok=True)
    started = time.time()
    trier = Trier(scratch)
    found = {}
    try:
        for name in formats:
            tally = try_all(cases(name, options.cases, options.seed, options.folder), trier, said)
            found[name] = asdict(tally)
            said(f"{name}: {json.dumps({**found[name], 'faults': len(tally.faults)})}")
    finally:
        trier.close()
    faults = sum(len(tally["faults"]) for tally in found.values())
    text = json.dumps(
        {
            "seed": options.seed,
            "cases": sum(tally["cases"] for tally in found.values()),
            "limits": {"seconds": LIMIT_S, "megabytes": LIMIT_MB},
            "faults": faults,
            "formats": found,
            "seconds": round(time.time() - started),
        },
        indent=2,
    )
    print(text)
    if options.out:
        options.out.write_text(text + "\n")
    return 1 if faults else 0


def said(text: str) -> None:
    """One line as soon as it is known."""
    print(text, file=sys.stderr, flush=True)


def parse() -> argparse.Namespace:
    """Options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "folder", type=Path, nargs="?", help="real recordings; made up ones if none"
    )
    parser.add_argument("--cases", type=int, default=1000, help="of each format")
    parser.add_argument("--formats", nargs="*", choices=FORMATS, help="all by default")
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--keep", type=Path, help="directory for files with faults")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
