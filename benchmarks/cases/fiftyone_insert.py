"""20,000 windows with vectors and metadata into FiftyOne, against one `add_sample` each."""

from __future__ import annotations

import os
import time

from benchmarks.case import Outcome, Ratio, Setup
from benchmarks.shown_folder import CHECKPOINTS, ShownFolder
from benchmarks.timing import spent

TITLE = "FiftyOne: 20,000 windows with vectors and metadata"


def measure(setup: Setup) -> Outcome:
    """Fill a data set as a run does; add a part of the same samples one by one."""
    os.environ["HOME"] = str(setup.work)  # FiftyOne keeps a user id there
    from audio_assets.explore.environment import load_fiftyone
    from audio_assets.explore.mongod import stop_database
    from audio_assets.home import Home

    count, one_by_one = (400, 50) if setup.quick else (20_000, 400)
    home = Home((setup.work / "home").resolve()).ensure()
    folder = ShownFolder(home, setup.work / "clips", "clips", count).write(CHECKPOINTS[:1])
    try:
        load_fiftyone(home)
        ShownFolder(home, setup.work / "warm", "warm", 20).write(CHECKPOINTS[:1]).sync()
        with spent() as ours:
            report = folder.sync()
        if (report.added, report.samples) != (count, count):
            raise AssertionError(f"{report.samples} samples for {count} windows")
        with spent() as again:
            if folder.sync().changed:
                raise AssertionError("an unchanged folder was written to")
        plain = _one_by_one(one_by_one)
    finally:
        stop_database(home)
    scaled = plain * count
    return Outcome(
        ratios=[
            Ratio(
                f"{count:,} `add_sample` ÷ the whole asset fiftyone_dataset", scaled / ours.wall, 5
            )
        ],
        ours={
            "all": ours.row(),
            "again, nothing changed": again.row(),
            "windows_per_s": round(count / ours.wall, 1),
        },
        alternative={"ms_per_sample": 1000 * plain, "scaled_seconds": scaled},
        notes=[
            "Ours: pictures checked, samples, vectors, similarity, two maps with their indexes, "
            "clusters, field indexes, counts checked. The other: the samples with their vectors.",
            f"One by one: {one_by_one} samples, scaled.",
        ],
    )


def _one_by_one(count: int) -> float:
    """Seconds per `add_sample` of samples equal to those stored."""
    import fiftyone as fo

    source = fo.load_dataset("clips")
    fields = [n for n in source.get_field_schema() if n not in ("id", "metadata", "created_at")]
    kept = [n for n in fields if n not in ("last_modified_at",) and not n.startswith("_")]
    ready = [{n: s[n] for n in kept if s[n] is not None} for s in source.limit(count + 20)]
    plain = fo.Dataset("plain")
    for values in ready[:20]:
        plain.add_sample(fo.Sample(**values))
    began = time.perf_counter()
    for values in ready[20:]:
        plain.add_sample(fo.Sample(**values))
    return (time.perf_counter() - began) / len(ready[20:])
