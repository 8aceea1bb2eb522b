"""A linear layer for bfloat16 inference on a CPU: packed once, what follows it done in the product.

oneDNN's products take an activation, a factor or a residual along as they write their result; alone
each of these reads and writes the whole array again, which at AMX speed costs as much as a third of
the products. Torch reaches them by the operators that its own compiler emits; where they are
missing, the plain ones are used and only speed is lost.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

After = Literal["none", "gelu", "silu"]
_ONEDNN_NAMES = {"none": ("none", ""), "gelu": ("gelu", "none"), "silu": ("swish", "")}


@cache
def fuses() -> bool:
    """Whether torch's oneDNN operators are there and this CPU computes in bfloat16 with them."""
    try:
        operators = torch.ops.mkldnn
        operators._linear_pointwise.binary  # noqa: B018
        operators._reorder_linear_weight  # noqa: B018
        return bool(torch.backends.mkldnn.is_available() and operators._is_mkldnn_bf16_supported())
    except (AttributeError, RuntimeError):
        return False


class PackedLinear:
    """`nn.Linear` in bfloat16, its result times ``scale``."""

    def __init__(
        self, linear: nn.Linear, rows: int, *, scale: float = 1.0, fused: bool | None = None
    ) -> None:
        """Round and pack the weights.

        Args:
            linear: the layer; it is copied.
            rows: rows that it will usually get, for which the layout is chosen; others work, too.
            scale: factor of the result, multiplied into the weights.
            fused: use oneDNN's fused operators; where they are there if None.
        """
        self._fused = fuses() if fused is None else fused
        weight = (linear.weight.detach() * scale).to(torch.bfloat16).contiguous()
        bias = linear.bias
        self._bias = None if bias is None else (bias.detach() * scale).to(torch.bfloat16)
        self._weight = (
            torch.ops.mkldnn._reorder_linear_weight(weight, rows) if self._fused else weight
        )

    def __call__(self, rows: Tensor, after: After = "none") -> Tensor:
        """``after(rows @ weight.T + bias)``; bfloat16 [rows, in] to [rows, out]."""
        if self._fused:
            name, algorithm = _ONEDNN_NAMES[after]
            return torch.ops.mkldnn._linear_pointwise(
                rows, self._weight, self._bias, name, [], algorithm
            )
        result = functional.linear(rows, self._weight, self._bias)
        if after == "gelu":
            return functional.gelu(result)
        return functional.silu(result) if after == "silu" else result

    def plus(self, rows: Tensor, other: Tensor) -> Tensor:
        """``self(rows) + other``; bfloat16 [rows, out]."""
        return self._with(rows, other, "add")

    def times(self, rows: Tensor, other: Tensor) -> Tensor:
        """``self(rows) * other``; bfloat16 [rows, out]."""
        return self._with(rows, other, "mul")

    def _with(self, rows: Tensor, other: Tensor, what: Literal["add", "mul"]) -> Tensor:
        if self._fused:
            return torch.ops.mkldnn._linear_pointwise.binary(
                rows, other, self._weight, self._bias, what
            )
        result = functional.linear(rows, self._weight, self._bias)
        return result + other if what == "add" else result * other
