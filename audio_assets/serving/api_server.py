"""The REST API as a process of its own."""

from __future__ import annotations

from audio_assets.settings import Settings

GRACE_S = 10
KEEP_ALIVE_S = 30
"""A client that takes a connection again just as it is closed gets no answer: not too short."""


def serve_api(settings: Settings) -> None:
    """Serve the API until SIGINT or SIGTERM; requests under way are given some seconds.

    Raises:
        SettingsError: the address is not loopback and no token is set.
        UsageError: the port is taken.
    """
    import uvicorn

    from audio_assets.api.app import create_app
    from audio_assets.api.security import check_binding
    from audio_assets.errors import UsageError
    from audio_assets.serving.patience import PatientProtocol, allow_many_files

    allow_many_files()
    check_binding(settings)
    app = create_app(settings)
    app.state.context.instance_within(0)  # opened meanwhile, so that the first caller need not wait
    config = uvicorn.Config(
        app,
        host=settings.api_host,
        port=settings.api_port,
        log_level="info",
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=KEEP_ALIVE_S,
        server_header=False,
        http=PatientProtocol,
        ws="none",
    )
    try:
        uvicorn.Server(config).run()
    except SystemExit as error:  # uvicorn's own way of saying that it could not listen
        raise UsageError(
            f"The API cannot listen on {settings.api_host}:{settings.api_port}; is the port taken? "
            "AUDIO_ASSETS_API_PORT or --port names another one."
        ) from error
