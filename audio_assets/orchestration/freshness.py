"""Freshness policies: the age at which someone should look at an input; not invalidation."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg

INPUT_FRESHNESS = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(days=7), fail_window=timedelta(days=30)
)
"""For raw_audio and metadata_table: a folder that nobody has looked at for a week, a month."""
