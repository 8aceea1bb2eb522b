"""A Ray cluster of three nodes on this machine; skipped, with the reason, where Ray is absent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from audio_assets_tests.integration.remote.conftest import s3 as s3

NODE_MEMORY = 80 << 20


@pytest.fixture(scope="module")
def cluster(s3: str) -> Iterator[Any]:
    """A head without processors, on which the driver runs, and two nodes that work.

    The server of the buckets comes first, since nodes inherit where it is.
    """
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'audio-assets[ray]'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_AUTH_MODE", "disabled")
        patch.delenv("RAY_ADDRESS", raising=False)
        from ray.cluster_utils import Cluster

        head = {"num_cpus": 0, "object_store_memory": NODE_MEMORY, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            for _ in range(2):
                cluster.add_node(num_cpus=2, object_store_memory=NODE_MEMORY)
            yield cluster
        finally:
            cluster.shutdown()
