"""Encoders that a node's actors load: stand-ins that leave a trace, or go wrong."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audio_assets_tests.unit.encoding.stand_ins import ConstantEncoder, ProjectionEncoder


@dataclass(frozen=True)
class Traced:
    """Gives an encoder that writes a line per call: the node and how many inputs."""

    trace: Path
    seconds: float = 0.0

    def __call__(self) -> ProjectionEncoder:
        import ray

        node = ray.get_runtime_context().get_node_id()
        trace, seconds = self.trace / node, self.seconds

        class Tracing(ProjectionEncoder):
            def encode_inputs(self, inputs: np.ndarray) -> np.ndarray:
                with trace.open("a") as stream:
                    stream.write(f"{len(inputs)}\n")
                time.sleep(seconds)
                return super().encode_inputs(inputs)

        return Tracing()


def constant_encoder() -> ProjectionEncoder:
    return ConstantEncoder()
