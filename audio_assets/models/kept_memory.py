"""Memory that one call of an encoder frees is kept for the next one."""

from __future__ import annotations

import ctypes
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h

LARGEST_BYTES = 32 << 20
"""An array up to so large is kept; glibc takes no more."""

MOST_BYTES = 128 << 20
"""More than this is given back."""


@cache
def keep_freed_memory() -> bool:
    """Have the C library keep what is freed, for the whole process.

    glibc gives large blocks back to the system at once and gets them again, page by page, in the
    next call: six hundred page faults for every clip, 4 % of an encoder's time on a CPU.

    Returns:
        False where the C library is another one, and nothing was done.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST_BYTES) and mallopt(M_TRIM_THRESHOLD, MOST_BYTES))
