"""Fonts of a report: DejaVu, which comes with matplotlib, then what the machine has beyond it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

MAIN = "DejaVu Sans"
FALLBACKS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Noto Sans JP", "Noto Sans KR",
    "Source Han Sans SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback",
    "Arial Unicode MS", "PingFang SC", "Hiragino Sans", "Microsoft YaHei", "MS Gothic",
    "Malgun Gothic", "Noto Sans Devanagari", "Noto Sans Thai", "Unifont",
)  # fmt: skip
"""Families with scripts that DejaVu lacks; those that are installed are used."""


def dejavu(name: str = "DejaVuSans") -> Path:
    """File of a DejaVu font: DejaVuSans, DejaVuSans-Bold, DejaVuSansMono."""
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"


@cache
def fallback_fonts() -> dict[str, Path]:
    """Installed families beyond DejaVu and their regular files, in the order of `FALLBACKS`."""
    from matplotlib.font_manager import fontManager

    files: dict[str, Path] = {}
    for entry in fontManager.ttflist:
        if entry.name in FALLBACKS and entry.style == "normal":
            path = Path(entry.fname)
            if entry.weight in (400, "normal", "regular", "book") or entry.name not in files:
                files[entry.name] = path
    return {name: files[name] for name in FALLBACKS if name in files}


def families() -> list[str]:
    """Families for matplotlib, in the order in which a letter is looked for."""
    return [MAIN, *fallback_fonts()]
