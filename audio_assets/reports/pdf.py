"""A report as PDF on A4: the same blocks as in HTML, set by fpdf2 in DejaVu."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import singledispatchmethod
from typing import cast

from fpdf import FPDF, XPos, YPos
from fpdf.enums import MethodReturnValue, TableBordersLayout, WrapMode
from fpdf.fonts import FontFace
from fpdf.util import Padding

from audio_assets.reports.document import (
    Block,
    Document,
    Facts,
    Heading,
    Note,
    Picture,
    Section,
    Table,
    Text,
    texts_of,
)
from audio_assets.reports.pdf_fonts import FONT, add_fonts
from audio_assets.reports.wording import plain, shorten

MARGIN = 17.4  # mm: leaves the drawings' 6.9 inches
INCH = 25.4
INK, FAINT = (34, 39, 46), (90, 99, 110)
BAND, NOTE, RULE = (240, 243, 246), (255, 247, 224), (213, 218, 224)
BODY, SMALL = 9.0, 7.5
LINE = 4.6
SHORT_TABLE = 12


def write_pdf(document: Document) -> bytes:
    """Write a report.

    Args:
        document: the report.

    Returns:
        The file; equal documents give equal bytes.
    """
    pages = _Pages(document)
    pages.front()
    for section in document.sections:
        pages.section(section)
    return bytes(pages.output())


class _Pages(FPDF):
    """Pages with a running head and numbers."""

    def __init__(self, document: Document) -> None:
        super().__init__(format="A4")
        self.document = document
        self.set_margins(MARGIN, 20, MARGIN)
        self.set_auto_page_break(True, 18)
        self.c_margin = 0  # text begins where pictures do
        self._covered = add_fonts(self, map(plain, texts_of(document)))
        self.set_title(self._clean(f"{document.title}, {document.subtitle}"))
        self.set_creator("audio-assets")
        self.set_lang("en")
        self.set_creation_date(document.made)
        self.set_font(FONT, size=BODY)
        self.set_text_color(*INK)
        self.add_page()

    def header(self) -> None:
        if self.page_no() == 1:
            return
        self.set_font(FONT, size=SMALL)
        self.set_text_color(*FAINT)
        self.set_xy(MARGIN, 10)
        running = f"{self.document.title}, {self.document.subtitle}"
        self.cell(0, 4, self._clean(shorten(running, 110)))
        self.set_text_color(*INK)
        self.set_xy(MARGIN, 20)

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font(FONT, size=SMALL)
        self.set_text_color(*FAINT)
        self.cell(0, 4, f"{self.page_no()} / {{nb}}", align="R")
        self.set_text_color(*INK)

    def front(self) -> None:
        """Title, subtitle and when it was made."""
        self.set_font(FONT, "B", 18)
        self._write(self.document.title, 8.5)
        self.set_text_color(*FAINT)
        self.set_font(FONT, size=BODY)
        self._write(f"{self.document.subtitle}, made {self.document.made:%Y-%m-%d %H:%M} UTC", LINE)
        self.set_text_color(*INK)

    def section(self, section: Section) -> None:
        """A section with its heading, which never stands alone at the end of a page."""
        self._room(14 + self._opening(section.blocks))
        self.ln(5)
        self.start_section(self._clean(section.title))
        self.set_font(FONT, "B", 13)
        self._write(section.title, 7)
        self.ln(1.5)
        for i, block in enumerate(section.blocks):
            if isinstance(block, Heading):
                self._room(9 + self._opening(section.blocks[i + 1 :]))
            self.put(block)

    def _opening(self, blocks: Sequence[Block]) -> float:
        """Millimetres of what must stay with a heading: text, and the first thing below it."""
        height = 0.0
        for block in blocks:
            if isinstance(block, Text):
                self.set_font(FONT, size=BODY)
                height += self._text_height(block.text, LINE) + 1.5
            elif isinstance(block, Heading):
                height += 9
            else:
                return height + (self._picture_height(block) if isinstance(block, Picture) else 22)
        return height

    @singledispatchmethod
    def put(self, block: object) -> None:
        """Set one block."""
        raise TypeError(f"{type(block).__name__} is no block of a report")

    @put.register
    def _(self, block: Text) -> None:
        self.set_font(FONT, size=BODY)
        self._write(block.text, LINE)
        self.ln(1.5)

    @put.register
    def _(self, block: Note) -> None:
        self.set_font(FONT, size=BODY)
        self.set_fill_color(*NOTE)
        self._room(12)
        self.multi_cell(
            0, LINE + 0.6, self._clean(block.text), fill=True, align="L",
            padding=Padding(1.6, 2.5, 1.6, 2.5),
            new_x=XPos.LMARGIN, new_y=YPos.NEXT,
        )  # fmt: skip
        self.set_fill_color(255)  # or the cells of the next table are filled, too
        self.ln(2)

    @put.register
    def _(self, block: Heading) -> None:
        self.ln(2)
        self.set_font(FONT, "B", 10)
        self._write(block.text, 5.5)
        self.ln(0.8)

    @put.register
    def _(self, block: Facts) -> None:
        self.set_font(FONT, size=BODY)
        with self.table(
            col_widths=(29, 71), first_row_as_headings=False, align="LEFT", line_height=LINE,
            borders_layout=TableBordersLayout.NONE, padding=(0.5, 1, 0.5, 0), text_align="LEFT",
            v_align="TOP",
        ) as table:  # fmt: skip
            for name, value in block.rows:
                row = table.row()
                row.cell(self._clean(name), style=FontFace(color=FAINT))
                row.cell(self._clean(value))
        self.ln(2)

    @put.register
    def _(self, block: Table) -> None:
        self.set_font(FONT, size=SMALL)
        # a short table stays in one piece, of a long one the head and two rows
        rows = len(block.rows) if len(block.rows) <= SHORT_TABLE else 2
        self._room(7.0 * (rows + 1))
        self.set_draw_color(*RULE)
        aligned = tuple("RIGHT" if i in block.right else "LEFT" for i in range(len(block.header)))
        with self.table(
            col_widths=tuple(block.widths), text_align=aligned, align="LEFT", line_height=4,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES, padding=(0.8, 1.6),
            headings_style=FontFace(emphasis="BOLD", fill_color=BAND),
            wrapmode=WrapMode.WORD, v_align="TOP",
        ) as table:  # fmt: skip
            table.row([self._clean(cell) for cell in block.header])
            for i, cells in enumerate(block.rows):
                row = table.row()
                for column, cell in enumerate(cells):
                    marked = column == 0 and bool(block.swatches)
                    text = f"■ {self._clean(cell)}" if marked else self._clean(cell)
                    # the whole cell takes the mark's colour: a table cell has one colour
                    style = FontFace(color=_rgb(block.swatches[i])) if marked else None
                    row.cell(text, style=style)
        if block.more:
            self.set_text_color(*FAINT)
            self._write(block.more, LINE)
            self.set_text_color(*INK)
        self.ln(3)

    @put.register
    def _(self, block: Picture) -> None:
        self._room(self._picture_height(block))
        width, height = block.drawing.width * INCH, block.drawing.height * INCH
        self.image(
            io.BytesIO(block.drawing.png),
            w=width,
            h=height,
            x=MARGIN,
            alt_text=self._clean(block.alt),
        )
        if block.caption:
            self.set_font(FONT, size=SMALL)
            self.set_text_color(*FAINT)
            self.ln(0.8)
            self._write(block.caption, 3.8)
            self.set_text_color(*INK)
        self.ln(3)

    def _picture_height(self, block: Picture) -> float:
        """Millimetres of a picture with its caption."""
        self.set_font(FONT, size=SMALL)
        caption = self._text_height(block.caption, 3.8) if block.caption else 0.0
        return block.drawing.height * INCH + caption + 4

    def _text_height(self, text: str, line: float) -> float:
        """Millimetres of a paragraph in the font that is set."""
        clean = self._clean(text)
        height = self.multi_cell(
            0, line, clean, align="L", dry_run=True, output=MethodReturnValue.HEIGHT
        )
        return float(cast(float, height))

    def _room(self, height: float) -> None:
        """Go on to the next page unless so many millimetres are left on this one."""
        if self.will_page_break(min(height, self.eph - 1)):
            self.add_page()

    def _write(self, text: str, line: float) -> None:
        self.multi_cell(0, line, self._clean(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _clean(self, text: str) -> str:
        """One line in which every letter can be printed; others are written as <U+1F40B>."""
        return "".join(c if ord(c) in self._covered else f"<U+{ord(c):04X}>" for c in plain(text))


def _rgb(color: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue
