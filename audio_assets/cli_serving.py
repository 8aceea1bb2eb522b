"""`audio-assets api` and `audio-assets serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from audio_assets.cli_settings import load_settings

Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the REST API.")]
Host = Annotated[str | None, typer.Option(help="Address; any but loopback needs a token.")]


def api(host: Host = None, port: Port = None) -> None:
    """Serve the REST API alone; jobs wait until Dagster's daemon runs."""
    from audio_assets.serving.api_server import serve_api

    serve_api(load_settings(api_host=host, api_port=port))


def serve(host: Host = None, port: Port = None) -> None:
    """Serve API, Dagster's web interface, daemon and code server, and stop them together."""
    from audio_assets.serving.supervisor import serve as serve_all

    serve_all(load_settings(api_host=host, api_port=port))
