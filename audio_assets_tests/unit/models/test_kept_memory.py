"""Freed memory is used again without asking the system for it."""

import resource

import numpy as np
import pytest

from audio_assets.models.kept_memory import keep_freed_memory


def test_what_is_freed_is_used_again_without_page_faults() -> None:
    if not keep_freed_memory():
        pytest.skip("this C library decides by itself what it keeps")
    _use_and_free()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        _use_and_free()
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    pages = 10 * (16 << 20) // resource.getpagesize()
    assert faults < pages / 10


def _use_and_free() -> None:
    arrays = [np.empty(8 << 20, np.uint8) for _ in range(2)]
    for array in arrays:
        array.fill(1)
