"""Key maps: from the names in a published state dict to the names of `SpectrogramEncoder`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_assets.errors import CheckpointError
from audio_assets.models.encoder_config import EncoderConfig

if TYPE_CHECKING:
    from torch import Tensor

ROW_SCALE = ".row_scale"
"""Ending of the key that holds the scales of an int8 matrix."""


@dataclass(frozen=True)
class Family:
    """One published lineage of checkpoints.

    Attributes:
        kind: the card's kind.
        signs: keys that only this family has, all of them present.
        renames: (pattern of a whole published key, replacement); the first that matches counts.
        buffers: patterns of keys that are derived values, computed here instead of read.
        dropped: patterns of keys of the decoder and the heads, not part of the encoder.
        read_config: geometry and switches from the shapes of a state dict.
        absent: keys that a sibling family has; none of them present.
    """

    kind: str
    signs: tuple[str, ...]
    renames: tuple[tuple[str, str], ...]
    buffers: tuple[str, ...]
    dropped: tuple[str, ...]
    read_config: Callable[[Mapping[str, Tensor]], EncoderConfig]
    absent: tuple[str, ...] = ()

    def matches(self, state: Mapping[str, Tensor]) -> bool:
        """Whether a state dict is of this family."""
        return all(sign in state for sign in self.signs) and not any(
            key in state for key in self.absent
        )

    def published(self, name: str) -> str:
        r"""Return the published key of an encoder's name, for messages; the name if there is none.

        The patterns consist of plain text, ``(\d+)`` for the block and alternatives in brackets.
        """
        number = re.search(r"\d+", name)
        for pattern, replacement in self.renames:
            plain = pattern.replace(r"(\d+)", number.group() if number else "0").replace("\\.", ".")
            texts = [part.split("|") for part in re.split(r"[()]", plain)]
            for parts in itertools.product(*texts):
                key = "".join(parts)
                if (match := re.fullmatch(pattern, key)) and match.expand(replacement) == name:
                    return key
        return name

    def rename(self, key: str) -> str | None:
        """Return the encoder's name of a published key; None for a key that is knowingly left out.

        Raises:
            KeyError: for a key that the family does not have.
        """
        for pattern, replacement in self.renames:
            if match := re.fullmatch(pattern, key):
                return match.expand(replacement)
        if any(re.fullmatch(pattern, key) for pattern in (*self.buffers, *self.dropped)):
            return None
        raise KeyError(key)

    def translate(self, state: Mapping[str, Tensor], where: str) -> dict[str, Tensor]:
        """Rename a whole state dict.

        Args:
            state: published keys.
            where: the file, for the message.

        Returns:
            Tensors by the encoder's names.

        Raises:
            CheckpointError: when it holds keys that the family does not have.
        """
        renamed: dict[str, Tensor] = {}
        unknown: list[str] = []
        for key, value in state.items():
            published = key.removesuffix(ROW_SCALE)
            try:
                name = self.rename(published)
            except KeyError:
                unknown.append(key)
                continue
            if name is not None:
                renamed[name + key[len(published) :]] = value
        if unknown:
            raise CheckpointError(
                f"{where} holds {len(unknown)} tensors that {self.kind} does not have "
                f"({', '.join(unknown[:3])}); "
                "expected the encoder's and its own decoder's only. Is it a changed architecture?"
            )
        return renamed


def count_blocks(state: Mapping[str, Tensor], prefix: str) -> int:
    """Count numbered blocks.

    Args:
        state: published keys.
        prefix: text before the number, such as "encoder_blocks.".

    Returns:
        One more than the highest number.
    """
    pattern = re.compile(re.escape(prefix) + r"(\d+)\.")
    return 1 + max(
        (int(match.group(1)) for key in state if (match := pattern.match(key))), default=-1
    )


def shape_of(state: Mapping[str, Tensor], key: str, dimensions: int) -> tuple[int, ...]:
    """Return a tensor's shape.

    Raises:
        CheckpointError: when the key is missing, has another number of dimensions, or is empty.
    """
    if key not in state:
        raise CheckpointError(
            f"the checkpoint has no {key!r}; expected every tensor of the encoder."
        )
    shape = tuple(state[key].shape)
    if len(shape) != dimensions:
        raise CheckpointError(f"{key!r} has shape {shape}; expected {dimensions} dimensions.")
    if 0 in shape:
        raise CheckpointError(f"{key!r} has shape {shape}, and so no numbers at all.")
    return shape
