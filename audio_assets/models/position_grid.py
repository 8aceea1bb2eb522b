"""The patch grid, read from a fixed position table: a sin-cos table shows its rows and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_assets.errors import CheckpointError

if TYPE_CHECKING:
    from torch import Tensor

_SAME = 1e-4


def table_grid(table: Tensor) -> tuple[int, int] | None:
    """Find the grid that a two-dimensional sin-cos table was made for.

    One half of the channels depends on the column only, the other half on the row only; a learned
    table has no such structure.

    Args:
        table: float [1, 1 + N, D], row 0 for the CLS token.

    Returns:
        (rows, columns) of the table, or None.
    """
    body = table[0, 1:].float()
    count, width = body.shape
    if width % 2:
        return None
    for rows in (rows for rows in range(1, count + 1) if count % rows == 0):
        grid = body.reshape(rows, count // rows, width)
        for first, second in (
            (grid[..., : width // 2], grid[..., width // 2 :]),
            (grid[..., width // 2 :], grid[..., : width // 2]),
        ):
            by_column = bool(((first - first[:1]).abs() < _SAME).all())
            if by_column and bool(((second - second[:, :1]).abs() < _SAME).all()):
                return rows, count // rows
    return None


def grid_of_bands(table: Tensor, bands: int, band_patch: int, transposed: bool) -> tuple[int, int]:
    """Tell the grid of a time-first model.

    Args:
        table: position table, float [1, 1 + N, D].
        bands: mel bands of the published models, used where the table does not show its grid.
        band_patch: bands of one patch.
        transposed: the published code lays the table out frequency-first.

    Returns:
        (rows of time, columns of frequency).

    Raises:
        CheckpointError: when neither the table nor the number of bands gives a grid.
    """
    found = table_grid(table)
    if found is not None:
        return (found[1], found[0]) if transposed else found
    count = table.shape[1] - 1
    columns, rest = divmod(bands, band_patch)
    if rest or columns == 0 or count % columns:
        raise CheckpointError(
            f"its {count} patches are no grid over {bands} mel bands in patches of {band_patch} "
            "bands, and its position table is not the published sin-cos one. Its geometry cannot "
            "be told."
        )
    return count // columns, columns
