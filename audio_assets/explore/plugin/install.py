"""The plugin written into a home, where FiftyOne looks for it."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import yaml

from audio_assets.explore.plugin.registered import OPERATORS, PANELS
from audio_assets.home import Home
from audio_assets.storage import atomic_open

PLUGIN = "@audio_assets/explorer"
DIRECTORY = "audio_assets"
FOREIGN = "yours"
"""Link to the directory of plugins that the user named himself."""

SCRIPTS = Path(__file__).parent / "js"
ENTRY = '''"""Written by audio_assets at each start of the App; edits are lost."""

from audio_assets.explore.plugin.registered import register

__all__ = ["register"]
'''


def install_plugin(home: Home, foreign: Path | None = None) -> Path:
    """Write the plugin into the home, or bring it up to date.

    Args:
        home: that gets it.
        foreign: a directory with further plugins, which stay usable.

    Returns:
        The directory of plugins, for `FIFTYONE_PLUGINS_DIR`.
    """
    plugins = home.fiftyone / "plugins"
    target = plugins / DIRECTORY
    (target / "dist").mkdir(parents=True, exist_ok=True)
    _write(target / "fiftyone.yml", manifest())
    _write(target / "__init__.py", ENTRY)
    _write(target / "dist" / "index.umd.js", bundle())
    _link(plugins / FOREIGN, foreign if foreign and foreign.resolve() != plugins else None)
    return plugins


def manifest() -> str:
    """`fiftyone.yml`: name, bundle, and the names of what `registered` has."""
    try:
        version = metadata.version("audio-assets")
    except metadata.PackageNotFoundError:
        version = "0"
    fields = {
        "fiftyone": {"version": ">=1.0"},
        "name": PLUGIN,
        "version": version,
        "description": "Listen, search, map and label recordings",
        "js_bundle": "dist/index.umd.js",
        "operators": list(OPERATORS),
        "panels": list(PANELS),
    }
    return yaml.safe_dump(fields, sort_keys=False)


def bundle() -> str:
    """The scripts in the order of their names, each in a scope of its own.

    One that fails leaves a message in the browser's console, and the others work.
    """
    parts = (
        f"// {path.name}\ntry {{ (function () {{\n{path.read_text('utf-8')}\n}})(); }}"
        f" catch (error) {{ console.error('audio_assets: {path.name}', error); }}\n"
        for path in sorted(SCRIPTS.glob("*.js"))
    )
    return "\n".join(parts)


def _write(path: Path, text: str) -> None:
    """Write what differs: FiftyOne reads a plugin again when its directory has changed."""
    if path.is_file() and path.read_text("utf-8") == text:
        return
    with atomic_open(path) as stream:
        stream.write(text.encode())


def _link(link: Path, target: Path | None) -> None:
    if link.is_symlink() and (target is None or link.readlink() != target):
        link.unlink()
    if target is not None and target.is_dir() and not link.exists():
        link.symlink_to(target, target_is_directory=True)
