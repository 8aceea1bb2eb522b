"""The child process: loads one SavedModel and answers frames until its input ends.

Run as a plain script by whichever Python has TensorFlow; it imports nothing of audio_assets.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import frames
import numpy as np


class Model:
    """A signature of a SavedModel, loaded by the v2 loader or, where that fails, by the v1 one."""

    def __init__(self, path: str, signature: str) -> None:
        """Load.

        Args:
            path: the SavedModel directory.
            signature: name of the signature.
        """
        import tensorflow as tf

        self.tf = tf
        self.loader = "v2"
        try:
            self.keep: Any = tf.saved_model.load(path)
        except Exception as error:
            print(f"v2 loader: {type(error).__name__}: {error}", file=sys.stderr)
            from tensorflow.python.saved_model.load_v1_in_v2 import (  # pyright: ignore[reportMissingImports]
                load,
            )

            self.loader = "v1"
            self.keep = load(path, tags=["serve"])
        known = sorted(self.keep.signatures)
        if signature not in known:
            raise LookupError(f"there is no signature {signature!r}; it has {', '.join(known)}")
        self.function = self.keep.signatures[signature]
        self.inputs = dict(self.function.structured_input_signature[1])
        self.outputs = sorted(self.function.structured_outputs)

    def describe(self) -> dict[str, Any]:
        """Inputs with shape (-1 = free; None = not stated) and dtype, and the outputs' names."""
        inputs = {}
        for name, spec in self.inputs.items():
            dims = spec.shape.as_list() if spec.shape.rank is not None else None
            shape = dims and [-1 if d is None else d for d in dims]
            inputs[name] = {"shape": shape, "dtype": spec.dtype.name}
        version = self.tf.__version__
        return {
            "inputs": inputs, "outputs": self.outputs, "loader": self.loader, "version": version,
        }  # fmt: skip

    def call(self, names: list[str], arrays: list[np.ndarray], wanted: list[str]) -> list[Any]:
        """Run the signature; returns the wanted outputs in order, float32."""
        feeds = {
            name: self.tf.constant(array, dtype=self.inputs[name].dtype)
            for name, array in zip(names, arrays, strict=True)
        }
        results = self.function(**feeds)
        return [self.tf.cast(results[name], self.tf.float32).numpy() for name in wanted]


def main() -> None:
    """Answer frames; whatever a library prints goes to stderr, not into the pipe."""
    pipe = os.dup(1)
    os.dup2(2, 1)
    model: Model | None = None
    while True:
        try:
            header, arrays = frames.receive(0)
        except frames.PipeClosed:
            return
        try:
            if header["op"] == "load":
                model = Model(header["path"], header["signature"])
                answer, results = model.describe(), []
            elif model is None:
                raise RuntimeError("no model is loaded")
            else:
                answer, results = {}, model.call(header["names"], arrays, header["wanted"])
            frames.send(pipe, answer, results)
        except Exception as error:
            lines = str(error).strip().splitlines() or [""]
            frames.send(pipe, {"error": f"{type(error).__name__}: {lines[0][:500]}"})


main()
