"""Rotary position embedding (Su et al. 2021, arXiv:2104.09864): half-split or paired channels."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

THETA = 10000.0


def cos_and_sin(angles: Tensor) -> tuple[Tensor, Tensor]:
    """Compute both, on a CPU rounded correctly and not by torch.

    Torch's CPU build takes `cos` from MKL, whose first call in a process now and then gives other
    last bits than all that follow (seen in one process of about 100 on 2 busy processors, torch
    2.13), and so would every vector of that call.

    Args:
        angles: float32, in radians.

    Returns:
        (cos, sin), each float32 and of the shape of ``angles``.
    """
    if angles.device.type != "cpu" or angles.requires_grad:
        return angles.cos(), angles.sin()
    exact = angles.numpy().astype(np.float64)
    cos, sin = (torch.from_numpy(f(exact).astype(np.float32)) for f in (np.cos, np.sin))
    return cos, sin


def inverse_frequencies(head_dim: int) -> Tensor:
    """Return ``theta ** (-2 i / head_dim)``.

    Args:
        head_dim: channels of one attention head, even.

    Returns:
        float32 [head_dim / 2].
    """
    return 1.0 / (THETA ** (torch.arange(0, head_dim, 2).float() / head_dim))


def rotary_tables(positions: Tensor, head_dim: int) -> tuple[Tensor, Tensor]:
    """Compute the cosine and sine of every position's rotation.

    Args:
        positions: token indices, integer [..., n]; the CLS token is 0, patch i is i + 1.
        head_dim: channels of one attention head.

    Returns:
        (cos, sin), each float32 [..., n, head_dim]; the second half of the channels repeats the
        first.
    """
    angles = positions.float()[..., None] * inverse_frequencies(head_dim).to(positions.device)
    angles = torch.cat([angles, angles], dim=-1)
    return cos_and_sin(angles)


def paired_tables(positions: Tensor, frequencies: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the cosine and sine of every position's rotation, for `rotate_pairs`.

    Args:
        positions: token indices, integer [..., n]; the CLS token is 0, patch i is i + 1.
        frequencies: float32 [head_dim / 2], as `inverse_frequencies` or as stored.

    Returns:
        (cos, sin), each float32 [..., n, head_dim / 2].
    """
    angles = positions.float()[..., None] * frequencies
    return cos_and_sin(angles)


def rotate_pairs(heads: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate queries or keys; channels 2 i and 2 i + 1 are the two coordinates of plane i.

    Args:
        heads: float [B, heads, n, head_dim].
        cos: float [n, head_dim / 2], or [B, 1, n, head_dim / 2].
        sin: like ``cos``.

    Returns:
        float [B, heads, n, head_dim], dtype of ``heads``.
    """
    even, odd = heads[..., 0::2], heads[..., 1::2]
    cos, sin = cos.to(heads.dtype), sin.to(heads.dtype)
    return torch.stack([even * cos - odd * sin, odd * cos + even * sin], dim=-1).flatten(-2)


def rotate(heads: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate queries or keys by their positions, half-split form.

    Args:
        heads: float [B, heads, n, head_dim].
        cos: float [n, head_dim], or [B, 1, n, head_dim] where every sample has positions of its
            own.
        sin: like ``cos``.

    Returns:
        float [B, heads, n, head_dim], dtype of ``heads``.
    """
    first, second = heads.chunk(2, dim=-1)
    cos, sin = (table.to(heads.dtype).chunk(2, dim=-1)[0] for table in (cos, sin))
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
