"""A report as one HTML file that needs nothing beside it: pictures inside, no scripts."""

from __future__ import annotations

from base64 import b64encode
from importlib import resources

import audio_assets
from audio_assets.reports.document import Document
from audio_assets.reports.wording import plain

TEMPLATE = "report.html.jinja"


def write_html(document: Document) -> bytes:
    """Write a report; every text is escaped.

    Args:
        document: the report.

    Returns:
        UTF-8.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=_printable, keep_trailing_newline=True
    )
    template = environment.from_string(
        (resources.files("audio_assets.reports") / TEMPLATE).read_text("utf-8")
    )
    text = template.render(
        document=document,
        made=f"{document.made:%Y-%m-%d %H:%M} UTC",
        version=audio_assets.__version__,
        kind_of=lambda block: type(block).__name__,
        data_url=lambda png: Markup("data:image/png;base64," + b64encode(png).decode()),  # noqa: S704
    )
    return text.encode("utf-8")


def _printable(value: object) -> object:
    """File names may hold control characters, which are not allowed in HTML."""
    return plain(value) if type(value) is str else value
