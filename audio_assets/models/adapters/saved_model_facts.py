"""Facts of a SavedModel, read from its signatures; its inner tensors have no stable names."""

from __future__ import annotations

from typing import Any

from audio_assets.models.adapters.embedding_candidates import NAMED, SMALLEST_EMBEDDING, vector_axes
from audio_assets.models.adapters.model_facts import EmbeddingCandidate, TensorFact
from audio_assets.models.adapters.saved_model_file import DTYPES, all_nodes, is_xla

SCORES = ("label", "logits", "scores", "classes", "predictions", "genus", "family", "order")
DEFAULT_SIGNATURE = "serving_default"


def pick_signature(graph: Any) -> str:
    """`serving_default` where there is one, else the first by name that has outputs."""
    names = sorted(n for n in graph.signatures if graph.signatures[n].outputs)
    return DEFAULT_SIGNATURE if DEFAULT_SIGNATURE in names else names[0] if names else ""


def tensor_fact(name: str, tensor: Any) -> TensorFact:
    """One argument or result of a signature."""
    shape = None if tensor.shape.unknown_rank else tuple(int(d.size) for d in tensor.shape.dims)
    return TensorFact(name=name, shape=shape, dtype=DTYPES.get(tensor.dtype, "unknown"))


def signature_facts(graph: Any, name: str) -> tuple[tuple[TensorFact, ...], tuple[TensorFact, ...]]:
    """Inputs and outputs of one signature, sorted by name."""
    signature = graph.signatures[name]
    inputs, outputs = (
        tuple(tensor_fact(key, tensors[key]) for key in sorted(tensors))
        for tensors in (signature.inputs, signature.outputs)
    )
    return inputs, outputs


def output_candidates(outputs: tuple[TensorFact, ...]) -> tuple[EmbeddingCandidate, ...]:
    """Rank the outputs of a signature by their names, then by their length."""
    ranked = []
    for output in outputs:
        dim, pooling = vector_axes(output.shape)
        lower = output.name.lower()
        if any(word in lower for word in NAMED):
            rank, role, why = 0, "embedding", "its name says so"
        elif any(word in lower for word in SCORES):
            rank, role, why = 3, "scores", "its name says class scores"
        elif dim is not None and dim < SMALLEST_EMBEDDING:
            rank, role, why = 4, "scores", f"only {dim} values"
        else:
            rank, role, why = (
                1,
                "embedding",
                "an output of the signature; check that it is no score",
            )
        ranked.append(
            (rank, -(dim or 0), EmbeddingCandidate(
                name=output.name, shape=output.shape, dim=dim, is_output=True, pooling=pooling,
                role=role, why=why,
            ))
        )  # fmt: skip
    return tuple(candidate for *_, candidate in sorted(ranked, key=lambda item: item[:2]))


def notes(graph: Any, signature: str) -> tuple[str, ...]:
    """What a person should know: XLA, TensorFlow's version, other signatures, Python operators."""
    found = []
    if is_xla(graph):
        found.append(
            "parts are compiled by XLA for each batch size (about a second each): it is called "
            "with one fixed, padded batch size"
        )
    version = graph.info.tensorflow_version
    if version:
        found.append(f"written by TensorFlow {version}")
    others = sorted(n for n in graph.signatures if n != signature and not n.startswith("__"))
    if others:
        found.append(f"signature {signature!r} was read; it also has {', '.join(others)}")
    return tuple(found)


def missing_ops(graph: Any) -> tuple[str, ...]:
    """Operators that call back into the Python program that wrote the model."""
    python = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}
    return tuple(sorted({node.op for node in all_nodes(graph)} & python))
