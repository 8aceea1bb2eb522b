"""How an asset check says what it found."""

from __future__ import annotations

from typing import Any

import dagster as dg

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN


def result(
    passed: bool,
    description: str,
    severity: dg.AssetCheckSeverity = ERROR,
    *,
    check: str | None = None,
    **metadata: Any,
) -> dg.AssetCheckResult:
    """Outcome of a check; ERROR is a wrong result, WARN something a person should look at.

    Args:
        passed: whether all is well.
        description: what was found, in a sentence.
        severity: ERROR or WARN.
        check: its name, where one step evaluates several.
        **metadata: figures to show beside it.
    """
    return dg.AssetCheckResult(
        passed=bool(passed), severity=severity, description=description, metadata=metadata,
        check_name=check,
    )  # fmt: skip
