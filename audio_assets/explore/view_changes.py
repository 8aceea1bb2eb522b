"""One answer per change of the App's view, although the App reports each change three times.

Its panels are told of stages, filters and extended stages one by one, at once, each time with the
whole of the new view. Answering each would read the data set three times while the grid waits.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from threading import Lock
from typing import Any

SAME_CHANGE_S = 2.0
MOST_PANELS = 256

_seen: OrderedDict[str, tuple[str, float]] = OrderedDict()
_lock = Lock()


def view_changed(ctx: Any) -> bool:
    """Whether a panel hears of this view for the first time, or for the first time in 2 s."""
    params = ctx.request_params
    stages = [{k: v for k, v in s.items() if k != "_uuid"} for s in params.get("view") or []]
    more = (params.get(key) for key in ("dataset_name", "view_name", "filters", "extended"))
    view = json.dumps([stages, *more], sort_keys=True, default=str)
    now = time.monotonic()
    with _lock:
        before, at = _seen.pop(ctx.panel.id, ("", 0.0))
        _seen[ctx.panel.id] = view, now
        if len(_seen) > MOST_PANELS:
            _seen.popitem(last=False)
    return before != view or now - at > SAME_CHANGE_S
