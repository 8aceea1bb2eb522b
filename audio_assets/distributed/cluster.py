"""The connection to a Ray cluster, and what it has to offer."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from audio_assets.errors import EncodingError, UsageError

CLIENT_SCHEME = "ray://"


@contextmanager
def connected(address: str = "") -> Iterator[None]:
    """Be the driver of a cluster, as long as this lasts.

    Args:
        address: `host:port` of the cluster's head, or "auto"; "" takes `RAY_ADDRESS`, and starts
            Ray on this machine alone where that is not set. A connection that is there is used.

    Raises:
        EncodingError: Ray is not installed, or no cluster answers there.
        UsageError: an address of the Ray Client, on which Ray Data does not stream.
    """
    try:
        import ray
    except ImportError as error:
        raise EncodingError(
            "AUDIO_ASSETS_ENGINE=ray needs Ray: pip install 'audio-assets[ray]', on this machine "
            "and on every node."
        ) from error
    if ray.is_initialized():
        yield
        return
    address = address or os.environ.get("RAY_ADDRESS", "")
    if address.startswith(CLIENT_SCHEME):
        raise UsageError(
            f"{address} is an address of the Ray Client. Start the run on a node of the cluster "
            "(a Ray job, or RayRunLauncher) with AUDIO_ASSETS_RAY_ADDRESS=auto."
        )
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    more: dict[str, Any] = {} if address else {"include_dashboard": False}
    try:
        ray.init(
            address=address or "local", log_to_driver=False, logging_level=logging.WARNING, **more
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise EncodingError(
            f"No Ray cluster can be used at {address or 'this machine'}: "
            f"{str(error).splitlines()[0] if str(error) else type(error).__name__} Look at "
            "AUDIO_ASSETS_RAY_ADDRESS, and at the versions of Python and Ray on both sides."
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def processors() -> int:
    """Processors of the whole cluster."""
    import ray

    return int(ray.cluster_resources().get("CPU", 0))


def encoders_for(device: str, wanted: int) -> int:
    """How many actors hold the model.

    Args:
        device: "cuda": one per GPU of the cluster; else all processors but a quarter, which
            decode.
        wanted: that number, where it is not 0.

    Raises:
        EncodingError: the cluster has no GPU, and one is asked for.
    """
    import ray

    if device == "cuda":
        gpus = int(ray.cluster_resources().get("GPU", 0))
        if not gpus:
            raise EncodingError(
                "The Ray cluster has no GPU, and AUDIO_ASSETS_DEVICE asks for one. Add a node with "
                "one, or set AUDIO_ASSETS_DEVICE=cpu."
            )
        return wanted or gpus
    return wanted or max(1, processors() - max(1, processors() // 4))
