"""When Dagster re-materializes an asset by itself.

Stock `eager()` re-runs children of a no-op run, ignores changed code versions, and loses an update
that arrives while the child is running, because it resets on the end of the run that had read the
older input. The conditions here reset only when a run is requested. A manual run does not clear
them, so one more automated run may follow it; its data version is then the same and the chain
ends there.
"""

from __future__ import annotations

import dagster as dg

Condition = dg.AutomationCondition


def _changed() -> dg.AutomationCondition:
    """An input got a new data version, or the code version is new, since the last request.

    What arrives in the same tick as the note of the last request stays: the run may have read the
    older input. A child is not requested together with its parent: it would run again when the
    parent's new version arrives, and for nothing when that version is the old one.
    """
    changed = Condition.data_version_changed() & ~Condition.executed_with_root_target()
    news = Condition.any_deps_match(changed) | Condition.code_version_changed()
    handled = (Condition.newly_requested() & ~news) | Condition.initial_evaluation()
    return news.since(handled).with_label("an input or the code changed since the last request")


def _ready() -> dg.AutomationCondition:
    """Every input exists, and neither they nor this partition are being computed."""
    return (
        ~Condition.any_deps_missing() & ~Condition.any_deps_in_progress() & ~Condition.in_progress()
    ).with_label("inputs are there and nothing is running")


def _missing() -> dg.AutomationCondition:
    """Never computed, and the last attempt did not fail: no storm of failing runs."""
    return (Condition.missing() & ~Condition.execution_failed()).with_label(
        "missing and not failed"
    )


ON_CHANGE = (_changed() & ~Condition.missing() & _ready()).with_label("on change")
"""For embeddings: an existing pair follows its inputs; a new pair starts only when asked for.

Without the missing arm, a new checkpoint does not launch every folder. The folder sensor requests
the checkpoints that a folder wants.
"""

ON_CHANGE_OR_MISSING = ((_changed() | _missing()) & _ready()).with_label("on change or missing")
"""For everything else that has inputs."""


def automation_sensor(interval_s: int) -> dg.AutomationConditionSensorDefinition:
    """The sensor that evaluates the conditions; on by default, unlike Dagster's own."""
    return dg.AutomationConditionSensorDefinition(
        name="automation",
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=interval_s,
        description="Re-materializes what its inputs, its code or its parameters made stale.",
    )
