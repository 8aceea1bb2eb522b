"""What FiftyOne reads from the environment: own directories, own database, no network.

FiftyOne keeps constants from its import on, so `configure_fiftyone` comes before `import fiftyone`;
`load_fiftyone` does both.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from audio_assets.errors import DatabaseError
from audio_assets.explore.mongod import OWN_VARIABLE, USER_VARIABLE, ensure_database, user_uri
from audio_assets.explore.plugin.install import install_plugin
from audio_assets.home import Home

OWN_SETTINGS = "AUDIO_ASSETS_FIFTYONE_ENVIRONMENT"
"""JSON of what this module set, so that a child process with another home can tell it from the
user's own variables, which always win."""


def fiftyone_environment(home: Home) -> dict[str, str]:
    """Variables that keep FiftyOne inside `home`, quiet and off the network (database aside)."""
    root = home.fiftyone
    return {
        "FIFTYONE_DATABASE_DIR": str(root / "db"),
        "FIFTYONE_DEFAULT_DATASET_DIR": str(root / "datasets"),
        "FIFTYONE_DATASET_ZOO_DIR": str(root / "zoo" / "datasets"),
        "FIFTYONE_MODEL_ZOO_DIR": str(root / "zoo" / "models"),
        "FIFTYONE_PLUGINS_DIR": str(root / "plugins"),
        "FIFTYONE_CONFIG_PATH": str(root / "config.json"),
        "FIFTYONE_APP_CONFIG_PATH": str(root / "app_config.json"),
        "FIFTYONE_BRAIN_CONFIG_PATH": str(root / "brain_config.json"),
        "FIFTYONE_ANNOTATION_CONFIG_PATH": str(root / "annotation_config.json"),
        "FIFTYONE_EVALUATION_CONFIG_PATH": str(root / "evaluation_config.json"),
        "FIFTYONE_DO_NOT_TRACK": "true",
        "FIFTYONE_SHOW_PROGRESS_BARS": "false",
        "FIFTYONE_LOGGING_LEVEL": "WARNING",
        "FIFTYONE_DATABASE_VALIDATION": "false",  # mongod 6.0 works; the check asks for 7
        "FIFTYONE_SINGLETON_CACHE": "false",  # set_values would reload every Sample still alive
        "FIFTYONE_DEFAULT_APP_ADDRESS": "127.0.0.1",
        "FIFTYONE_BRAIN_SIMILARITY_BACKENDS": "*,exact",
        "FIFTYONE_BRAIN_DEFAULT_SIMILARITY_BACKEND": "exact",
        "FIFTYONE_BRAIN_SIMILARITY_EXACT_CONFIG_CLS": (
            "audio_assets.explore.exact_backend.ExactConfig"
        ),
        "FIFTYONE_BRAIN_SIMILARITY_SKLEARN_CONFIG_CLS": (
            "audio_assets.explore.sklearn_backend.SklearnConfig"
        ),
        "HF_HUB_OFFLINE": "1",
    }


def configure_fiftyone(home: Home) -> str:
    """Start the home's database if need be and set every variable that FiftyOne reads.

    Variables that the user set stay as they are. Calling it again is cheap and restarts a database
    that died. What FiftyOne writes under `~/.fiftyone/var` in spite of all this (a user id, a
    welcome flag) is moved into the home by `load_fiftyone`.

    Args:
        home: whose data sets are wanted.

    Returns:
        The URI of the database.

    Raises:
        DatabaseError: the database cannot be reached, or FiftyOne was already imported with
            another one.
    """
    uri = ensure_database(home)
    _refuse_other_database(uri)
    inherited = _inherited()
    wanted = fiftyone_environment(home)
    for name, value in wanted.items():
        if name not in os.environ or os.environ[name] == inherited.get(name):
            os.environ[name] = value
    os.environ[OWN_SETTINGS] = json.dumps(wanted)
    if user_uri() is None:
        os.environ[USER_VARIABLE] = os.environ[OWN_VARIABLE] = uri
    return uri


def load_fiftyone(home: Home) -> ModuleType:
    """`configure_fiftyone`, then import FiftyOne (about 2 s the first time).

    Raises:
        DatabaseError: as `configure_fiftyone`.
    """
    configure_fiftyone(home)
    with _without("databricks.sdk"):
        import fiftyone
    import fiftyone.constants

    # read when used, so that the user id and the welcome flag lie in the home, too
    fiftyone.constants.FIFTYONE_CONFIG_DIR = str(home.fiftyone)
    return fiftyone


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Let an import fail meanwhile, unless it was done before.

    FiftyOne loads the whole SDK of Databricks, more than a second, to tell it FiftyOne's name for
    its requests; where there is no such SDK it goes on.
    """
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # pyright: ignore[reportArgumentType]
    try:
        yield
    finally:
        sys.modules.pop(module, None)


def use_plugin(home: Home) -> None:
    """Write the plugin into the home and make FiftyOne look there; before FiftyOne is imported.

    Plugins in a directory that the user named (`FIFTYONE_PLUGINS_DIR`) stay usable.

    Raises:
        StorageError: the home cannot be written.
    """
    wanted = fiftyone_environment(home)["FIFTYONE_PLUGINS_DIR"]
    named = os.environ.get("FIFTYONE_PLUGINS_DIR", wanted)
    inherited = _inherited().get("FIFTYONE_PLUGINS_DIR")
    foreign = None if named in (wanted, inherited) else Path(named)
    os.environ["FIFTYONE_PLUGINS_DIR"] = str(install_plugin(home, foreign))


def _refuse_other_database(uri: str) -> None:
    module = sys.modules.get("fiftyone")
    config = getattr(module, "config", None)
    if config is None:
        return
    used = config.database_uri
    if used != uri:
        raise DatabaseError(
            f"FiftyOne was already imported with {used or 'a database of its own'}, but this home "
            f"uses {uri}. Call configure_fiftyone(home) before `import fiftyone`, or use a new "
            "process for another home."
        )


def _inherited() -> dict[str, str]:
    try:
        return dict(json.loads(os.environ.get(OWN_SETTINGS, "{}")))
    except ValueError:
        return {}
