"""The fonts of a PDF: DejaVu, and for letters that it lacks, what the machine has."""

from __future__ import annotations

from collections.abc import Iterable

from fpdf import FPDF
from fpdf.fonts import TTFFont

from audio_assets.reports.fonts import dejavu, fallback_fonts

FONT = "dejavu"


def add_fonts(pdf: FPDF, texts: Iterable[str]) -> set[int]:
    """Register the fonts that some texts need.

    Args:
        pdf: gets them: `FONT`, regular and bold, and fallbacks.
        texts: that will be set.

    Returns:
        The code points that can be set.
    """
    pdf.add_font(FONT, "", dejavu())
    pdf.add_font(FONT, "B", dejavu("DejaVuSans-Bold"))
    covered = _letters(pdf, FONT) & _letters(pdf, FONT + "B")
    lacking = {ord(letter) for text in texts for letter in text} - covered
    fallbacks: list[str] = []
    for name, path in fallback_fonts().items():
        if not lacking:
            break
        key = name.lower().replace(" ", "")
        pdf.add_font(key, "", path)
        found = lacking & _letters(pdf, key)
        if found:
            fallbacks.append(key)
            lacking, covered = lacking - found, covered | found
        else:
            del pdf.fonts[key]
    if fallbacks:
        pdf.set_fallback_fonts(fallbacks, exact_match=False)
    return covered


def _letters(pdf: FPDF, key: str) -> set[int]:
    """Code points that a font has."""
    font = pdf.fonts[key]
    return set(font.cmap) if isinstance(font, TTFFont) else set()
