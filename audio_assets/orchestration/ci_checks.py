"""Run every asset check of a folder and checkpoint; exit 1 when one of severity ERROR fails.

Dagster's own exit status stays 0 when a check fails, so CI calls

    python -m audio_assets.orchestration.ci_checks FOLDER CHECKPOINT
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import dagster as dg

from audio_assets.errors import AudioAssetsError
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.orchestration.definitions import build_definitions
from audio_assets.orchestration.execution import describe, run_checks
from audio_assets.orchestration.instance import open_instance
from audio_assets.orchestration.jobs import ENCODE, INGEST, REGISTER
from audio_assets.orchestration.locks import exclusive
from audio_assets.orchestration.partitions import Partition
from audio_assets.settings import Settings, load_settings


def failing_checks(
    home: Home, folder: str, checkpoint: str, settings: Settings
) -> list[dg.AssetCheckEvaluation]:
    """Evaluate every check of a folder and a pair on what is stored now.

    Returns:
        The evaluations that did not pass, of both severities.

    Raises:
        UsageError: the folder is unknown.
        AudioAssetsError: a check could not be evaluated, for example for want of an output.
    """
    FolderRegistry(home).get(folder)
    definitions = build_definitions(settings.model_copy(update={"home": home.root}))
    found: list[dg.AssetCheckEvaluation] = []
    with exclusive(home, "folder", folder), open_instance(home) as instance:
        for assets, partition in (
            (INGEST, Partition(folder=folder)),
            (REGISTER, Partition(checkpoint=checkpoint)),
            (ENCODE, Partition(folder=folder, checkpoint=checkpoint)),
        ):
            found += run_checks(definitions, instance, assets, partition)
    return [evaluation for evaluation in found if not evaluation.passed]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit status is 0, 1 (a check of severity ERROR failed) or 2 (usage)."""
    parser = argparse.ArgumentParser(prog="ci_checks", description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("checkpoint")
    chosen = parser.parse_args(arguments)
    settings = load_settings()
    try:
        failing = failing_checks(Home.of(settings), chosen.folder, chosen.checkpoint, settings)
    except AudioAssetsError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    for evaluation in failing:
        print(describe(evaluation))
    errors = [e for e in failing if e.severity == dg.AssetCheckSeverity.ERROR]
    print(f"{len(errors)} errors, {len(failing) - len(errors)} warnings.")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
