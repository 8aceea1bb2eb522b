"""Checkpoint files: reading weights, and only weights, from pickles and safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from audio_assets.errors import CheckpointError
from audio_assets.models.audiomae_family import AUDIOMAE
from audio_assets.models.audiomaepp_family import AUDIOMAEPP, BASELINE
from audio_assets.models.key_map import ROW_SCALE, Family
from audio_assets.models.official_family import OFFICIAL, OFFICIAL_BASELINE
from audio_assets.models.spectrogram_encoder import SpectrogramEncoder
from audio_assets.models.weights_pickle import load_weights_pickle

FAMILIES: tuple[Family, ...] = (AUDIOMAEPP, BASELINE, AUDIOMAE, OFFICIAL, OFFICIAL_BASELINE)
CLASSIFIER = "classifier"
"""The kind of any family's encoder that comes with a classification head."""
SUFFIXES = (".safetensors", ".pt", ".pth", ".bin")
_WRAPPERS = ("module.", "_orig_mod.", "encoder.", "model.", "backbone.")
_NESTINGS = ("model_state_dict", "model", "state_dict")


def read_state(path: Path) -> dict[str, Tensor]:
    """Read the state dict of a checkpoint file without running anything that is in it.

    Args:
        path: the file; a bare dict of tensors, or one nested under "model_state_dict", "model" or
            "state_dict".

    Returns:
        Tensors by the file's own names, in its own dtypes, on the CPU.

    Raises:
        CheckpointError: when the file is missing, empty, damaged, of another format, or more than
            weights.
    """
    if not path.exists():
        raise CheckpointError(
            f"{path} does not exist; expected a checkpoint file ({', '.join(SUFFIXES)})."
        )
    if not path.is_file():
        raise CheckpointError(
            f"{path} is a directory; expected a checkpoint file ({', '.join(SUFFIXES)})."
        )
    if path.suffix.lower() not in SUFFIXES:
        raise CheckpointError(
            f"{path} is no model file by its name: expected one of {', '.join(SUFFIXES)} (torch), "
            ".tflite, .onnx, or a SavedModel directory."
        )
    if path.stat().st_size == 0:
        raise CheckpointError(f"{path} is empty; copy or download it again.")
    safe = path.suffix.lower() == ".safetensors"
    found = _read_safetensors(path) if safe else load_weights_pickle(path)
    return _tensors(_unwrap(found), path)


def recognize(state: Mapping[str, Tensor], where: str) -> Family:
    """Tell the family of a state dict from its keys.

    Args:
        state: tensors by published name.
        where: the file, for the message.

    Returns:
        The family.

    Raises:
        CheckpointError: when no family or more than one fits.
    """
    fits = [family for family in FAMILIES if family.matches(state)]
    if len(fits) != 1:
        raise CheckpointError(
            f"{where} is of an unknown architecture: its {len(state)} tensors begin with "
            f"{', '.join(list(state)[:3])}; expected one of "
            f"{', '.join(family.kind for family in FAMILIES)}."
        )
    return fits[0]


def read_encoder(path: Path, kind: str | None = None) -> tuple[SpectrogramEncoder, Family]:
    """Build the encoder that a checkpoint file describes, in float32.

    Args:
        path: the file.
        kind: the kind that it must be, or None.

    Returns:
        (encoder in evaluation mode, its family).

    Raises:
        CheckpointError: when the file cannot be used; see `read_state`, or a tensor of the encoder
            is missing, has another shape than the rest demands, or is not finite.
    """
    state = read_state(path)
    family = recognize(state, str(path))
    if kind not in (None, CLASSIFIER, family.kind):
        raise CheckpointError(
            f"{path} holds a model of kind {family.kind!r}; its card says {kind!r}. Correct the "
            "card."
        )
    try:
        config = family.read_config(state)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    if kind == CLASSIFIER and not config.classes:
        raise CheckpointError(
            f"{path} holds an encoder of kind {family.kind!r} without a classification head; "
            f"expected one, as its card says {CLASSIFIER!r}. Correct the card."
        )
    weights = dequantize(family.translate(state, str(path)), str(path))
    with torch.device("meta"):
        encoder = SpectrogramEncoder(config)
    _check(dict(encoder.named_parameters()), weights, str(path), family)
    encoder.load_state_dict(weights, assign=True)
    return encoder.requires_grad_(requires_grad=False).eval(), family


def dequantize(weights: Mapping[str, Tensor], where: str) -> dict[str, Tensor]:
    """Turn stored weights into float32.

    An int8 matrix comes with ``<name>.row_scale`` [rows]: weight = integer * scale of its row.

    Args:
        weights: tensors by name, floating point or int8.
        where: the file, for the message.

    Returns:
        float32 tensors by name.

    Raises:
        CheckpointError: when a scale is missing or of the wrong length, or a dtype is not for
            weights.
    """
    result: dict[str, Tensor] = {}
    for name, value in weights.items():
        if name.endswith(ROW_SCALE):
            continue
        if value.dtype == torch.int8:
            scale = weights.get(name + ROW_SCALE)
            if scale is None or scale.shape != value.shape[:1]:
                raise CheckpointError(
                    f"{where}: the int8 tensor {name!r} needs {name + ROW_SCALE!r} of one per row."
                )
            result[name] = value.float() * scale.float().reshape(-1, *[1] * (value.ndim - 1))
        elif value.is_floating_point():
            result[name] = value.float()
        else:
            raise CheckpointError(
                f"{where}: {name!r} is {value.dtype}; expected floating point, or int8 with scales."
            )
    return result


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return safetensors.torch.load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} is not a readable safetensors file ({error}); copy it again."
        ) from error


def _unwrap(found: Any) -> Any:
    for nesting in _NESTINGS:
        if isinstance(found, Mapping) and isinstance(found.get(nesting), Mapping):
            return found[nesting]
    return found


def _tensors(state: Any, path: Path) -> dict[str, Tensor]:
    if not isinstance(state, Mapping) or not state:
        raise CheckpointError(
            f"{path} holds {type(state).__name__}; expected a dict of tensors by name."
        )
    odd = [
        str(key)
        for key, value in state.items()
        if not isinstance(key, str) or not isinstance(value, Tensor)
    ]
    if odd:
        raise CheckpointError(
            f"{path} holds values that are not tensors ({', '.join(odd[:3])}); expected a dict of "
            "tensors by name, "
            f"bare or under {' or '.join(_NESTINGS)}."
        )
    return _without_prefix(dict(state))


def _without_prefix(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Remove what wrappers (DataParallel, compile, a transformers class) put before every key."""
    for prefix in _WRAPPERS:
        if all(key.startswith(prefix) for key in state):
            return _without_prefix({key.removeprefix(prefix): state[key] for key in state})
    return state


def _check(
    expected: Mapping[str, Tensor], weights: Mapping[str, Tensor], where: str, family: Family
) -> None:
    missing = [name for name in expected if name not in weights]
    if missing:
        named = ", ".join(f"{family.published(name)!r} = {name}" for name in missing[:3])
        raise CheckpointError(
            f"{where} lacks {len(missing)} tensors of the encoder ({named}); expected all of them."
        )
    surplus = [name for name in weights if name not in expected]
    if surplus:
        raise CheckpointError(
            f"{where} holds {len(surplus)} surplus tensors ({', '.join(surplus[:3])}) for its own "
            "geometry."
        )
    for name, value in weights.items():
        if value.shape != expected[name].shape:
            raise CheckpointError(
                f"{where}: {name!r} has shape {tuple(value.shape)}; expected "
                f"{tuple(expected[name].shape)}."
            )
        if not bool(torch.isfinite(value).all()):
            raise CheckpointError(
                f"{where}: {name!r} holds NaN or infinite weights; the training run failed."
            )
