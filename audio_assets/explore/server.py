"""FiftyOne's server in a process of its own: `python -m audio_assets.explore.server HOME …`."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import signal
import threading
import time
from pathlib import Path

from audio_assets.errors import AudioAssetsError
from audio_assets.explore.environment import load_fiftyone, use_plugin
from audio_assets.explore.mongod import ensure_database
from audio_assets.explore.panel_context import set_home_of_app
from audio_assets.home import Home

WATCH_S = 2.0

log = logging.getLogger(__name__)


def main() -> None:
    """Serve until terminated; ends with the process that started it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--parent", type=int, default=0, help="end when this process is gone")
    parser.add_argument("--allow-remote", action="store_true", help="give sounds to other machines")
    options = parser.parse_args()
    home = Home(options.home)
    os.environ["FIFTYONE_SERVER"] = "1"  # read at import: this process serves, it starts no server
    set_home_of_app(home)
    use_plugin(home)
    load_fiftyone(home)
    threading.Thread(target=_watch, args=(home, options.parent), daemon=True).start()
    asyncio.run(_serve(home, options))


async def _serve(home: Home, options: argparse.Namespace) -> None:
    from fiftyone.core.odm import get_db_conn
    from fiftyone.server.app import app
    from fiftyone.server.events import set_port
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    from audio_assets.explore.adding.routes import adding_routes
    from audio_assets.explore.sound.routes import sound_routes
    from audio_assets.explore.sound.sample_sound import SampleSounds

    sounds = SampleSounds(home, get_db_conn())
    app.router.routes[:0] = sound_routes(sounds, options.allow_remote)
    app.router.routes[:0] = adding_routes(home, options.allow_remote)
    config = Config()
    config.bind = [f"{options.address}:{options.port}"]
    config.graceful_timeout = 1.0
    set_port(options.port)
    gc.freeze()  # the libraries' objects stay; walking over them cost every third answer 0.15 s
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)

    async def until_stopped() -> None:
        await stopped.wait()
        # event streams of open tabs never end by themselves
        asyncio.get_running_loop().call_later(2.0, os._exit, 0)

    await serve(app, config, shutdown_trigger=until_stopped)  # type: ignore[arg-type]
    os._exit(0)


def _watch(home: Home, parent: int) -> None:
    """Restart a database that died; end when the parent has gone."""
    while True:
        time.sleep(WATCH_S)
        if parent and os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return
        try:
            ensure_database(home)
        except AudioAssetsError as error:
            log.warning("%s", error)


if __name__ == "__main__":
    main()
