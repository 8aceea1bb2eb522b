"""The first section: what there is, how well it works, what is missing."""

from __future__ import annotations

from audio_assets.analysis.retrieval import Retrieval
from audio_assets.reports.contents import Contents
from audio_assets.reports.document import Block, Facts, Section, Text
from audio_assets.reports.wording import count, number, seconds, share


def summary(contents: Contents) -> Section:
    """The headline numbers, and a sentence for each gap."""
    overview, windows = contents.overview, len(contents.windows)
    facts = [
        ("Recordings", f"{overview.status.get('ok', 0):,}, {seconds(overview.seconds)} of sound"),
        ("Windows with a vector", f"{windows:,}"),
        ("Files with problems", _problems(contents)),
        ("Classes", _classes(contents)),
        ("Clusters", _clusters(contents)),
    ]
    if contents.retrieval is not None:
        found = contents.retrieval
        accuracy = float((found.truth == found.predicted).mean())
        facts += [
            (
                "5-nearest-neighbour accuracy",
                f"{100 * accuracy:.1f} % of {len(found.truth):,}{_range_of_folds(found)}",
            ),
            (f"Mean precision@{found.k}", number(float(found.precision.mean())) + _at_best(found)),
        ]
    blocks: list[Block] = [Facts(facts)]
    if not windows:
        blocks.append(Text("No window has a vector: no file of the folder could be encoded."))
    return Section("summary", "Summary", blocks)


def _range_of_folds(found: Retrieval) -> str:
    """A model is worse on the fold that it was not trained on; the mean alone hides that."""
    if found.by != "fold":
        return ""
    right = found.truth == found.predicted
    folds = [100 * float(right[found.fold == fold].mean()) for fold in set(found.fold.tolist())]
    return f"; {min(folds):.1f} to {max(folds):.1f} % by fold"


def _at_best(found: Retrieval) -> str:
    best = float(found.attainable.mean())
    return f" (at best {number(best)}: classes are small)" if best < 1 else ""


def _problems(contents: Contents) -> str:
    failed = sum(trouble.kind in ("failed", "not encoded") for trouble in contents.troubles)
    others = len(contents.troubles) - failed
    return f"{failed:,} failed" + (f", {count(others, 'remark')} on others" if others else "")


def _classes(contents: Contents) -> str:
    classes = contents.classes
    if not classes:
        return "none: the recordings have no labels"
    labelled = sum(label is not None for label in contents.labels)
    all_of_them = labelled == len(contents.labels)
    return f"{len(classes):,}" + (
        "" if all_of_them else f"; {share(labelled, len(contents.labels))} of the windows have one"
    )


def _clusters(contents: Contents) -> str:
    clusters = contents.clusters
    if clusters is None:
        return "not computed"
    noise = int((clusters.number < 0).sum())
    found = f"{len(clusters.names):,}, found without labels"
    return f"{found}; {share(noise, len(clusters.number))} of the windows are in none"
