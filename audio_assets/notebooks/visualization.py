"""What `fiftyone_visualization.ipynb` calls: a run from a `Config`, its results, the App below."""

from __future__ import annotations

import html
import shutil
import socket
import warnings
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from audio_assets.encoding.config import Config
from audio_assets.errors import AudioAssetsError, UsageError
from audio_assets.home import Home
from audio_assets.settings import Settings, load_settings

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from audio_assets.explore.app import App
    from audio_assets.orchestration.runner import RunReport

HEIGHT = 820
_FRAME = Template("""\
<iframe src="$url" width="100%" height="$height" style="border:0" allow="autoplay"></iframe>
<script>
(() => {
  // browsers refuse storage to a frame of another site, and the App does not start without it:
  // the frame takes the name under which the notebook itself was opened
  const frame = document.currentScript && document.currentScript.previousElementSibling;
  if (frame && location.hostname === "localhost") {
    frame.src = frame.src.replace("//127.0.0.1:", "//localhost:");
  }
})();
</script>
""")


def recordings(data_root: str | Path | None) -> Path:
    """The folder to look at.

    Args:
        data_root: a directory; None takes the first one under `data/audio` of the home, or makes a
            synthetic soundscape there.

    Raises:
        UsageError: it is no directory.
    """
    from audio_assets.demo import demo_folders

    if data_root is None:
        return demo_folders(load_settings(), None)[0]
    path = Path(data_root).expanduser()
    if not path.is_dir():
        raise UsageError(f"data_root is {data_root}, which is no directory of recordings.")
    return path.resolve()


def settings_of(config: Config, **analysis: Any) -> Settings:
    """The settings that a configuration means.

    Args:
        config: the configuration.
        **analysis: further settings by name: umap_n_neighbors, tsne_perplexity, ….

    Raises:
        SettingsError: a value does not fit.
    """
    names = (
        "device", "batch_size", "num_workers", "persistent", "embedding_field", "compute_umap",
        "compute_tsne", "add_synthetic_geo",
    )  # fmt: skip
    given = {name: getattr(config, name) for name in names}
    checkpoint = use_checkpoint(config.checkpoint_path, Home.of())
    return load_settings(**{**given, "checkpoint": checkpoint, **analysis})


def use_checkpoint(name_or_path: str | Path, home: Home) -> str:
    """A checkpoint's name; one that lies elsewhere is copied into the home and probed.

    Args:
        name_or_path: name of a registered one, a directory with its card, or a weights file.
        home: whose registry.

    Raises:
        CheckpointError: there is none, or it cannot be used; the message says why.
        UsageError: its name is taken by another one.
    """
    from audio_assets.models.manage import add, probe_checkpoint
    from audio_assets.models.registry import list_checkpoints, resolve_checkpoint, weights_sha256

    found = resolve_checkpoint(str(name_or_path), home)
    if found.name in list_checkpoints(home):
        known = resolve_checkpoint(found.name, home)
        if known.directory == found.directory or weights_sha256(known) == weights_sha256(found):
            return known.name
        raise UsageError(
            f"The home has another checkpoint {found.name!r}; rename {found.directory} (and the "
            "name in its card)."
        )
    if found.proposed:
        return add(str(found.weights), home, name=found.name, licence="unknown")[0].name
    target = home.ensure().checkpoints / found.name
    try:
        shutil.copytree(found.directory, target)
        probe_checkpoint(resolve_checkpoint(found.name, home))
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return found.name


def run_config(config: Config, settings: Settings) -> RunReport:
    """Run a configuration: ingest, vectors, neighbours, maps, FiftyOne; what is there is reused.

    Args:
        config: folder and name of the data set.
        settings: what `settings_of` made of it.

    Raises:
        AudioAssetsError: see `audio_assets.run`.
    """
    from audio_assets.running import run

    name = config.dataset_name or None
    with warnings.catch_warnings():
        # of libraries that meet a notebook's event loop and its missing widgets; nothing is wrong
        warnings.filterwarnings("ignore", message="coroutine 'BaseEventLoop.shutdown_asyncgens'")
        warnings.filterwarnings("ignore", message="IProgress not found")
        return run(config.data_root, settings.checkpoint, name=name, settings=settings)


def what_was_made(report: RunReport, settings: Settings) -> pd.DataFrame:
    """A short table of a run's results: one row each, with what it holds."""
    import pandas as pd

    from audio_assets.explore.dataset import open_dataset

    dataset = open_dataset(Home.of(settings), report.dataset)
    kinds = {"sim": "similarity search", "umap": "UMAP map", "tsne": "t-SNE map"}
    rows = [
        ("recordings", report.recordings, "usable files of the folder"),
        ("failed files", len(report.failed), "left out, with the reason"),
        ("windows", report.windows, f"{report.encoded} encoded now, {report.reused} reused"),
        ("vectors", report.windows, f"{report.dim} numbers each, by {report.checkpoint}"),
        ("FiftyOne data set", dataset.count("id"), f"samples in {report.dataset!r}"),
    ]
    for key in sorted(dataset.list_brain_runs()):
        kind = next((text for start, text in kinds.items() if key.startswith(start)), "analysis")
        rows.append((kind, dataset.count("id"), f"brain key {key!r}"))
    if "location" in dataset.get_field_schema():
        rows.append(("places", dataset.count("location.point"), "samples with coordinates"))
    return pd.DataFrame(rows, columns=["what", "count", "details"]).set_index("what")


def plot_maps(report: RunReport, settings: Settings) -> Figure | None:
    """Draw the maps of the embedding space, coloured by label.

    Returns:
        The figure; None where no map was computed.
    """
    import matplotlib.pyplot as plt
    import numpy as np

    from audio_assets.explore.dataset import open_dataset

    dataset = open_dataset(Home.of(settings), report.dataset)
    keys = [k for k in sorted(dataset.list_brain_runs()) if k.startswith(("umap", "tsne"))]
    if not keys:
        return None
    labels = np.array([str(label) for label in dataset.values("label.label") or []])
    names = sorted(set(labels))
    colours = plt.get_cmap("tab20" if len(names) > 10 else "tab10")
    size = (5.6 * len(keys), 4.6)
    figure, axes = plt.subplots(1, len(keys), figsize=size, squeeze=False, layout="constrained")
    for axis, key in zip(axes[0], keys, strict=True):
        results: Any = dataset.load_brain_results(key)
        points = np.asarray(results.points)
        for number, name in enumerate(names):
            mine = points[labels == name]
            axis.scatter(mine[:, 0], mine[:, 1], s=14, color=colours(number % 20), label=name)
        axis.set(title="t-SNE" if key.startswith("tsne") else "UMAP", xticks=[], yticks=[])
    if 1 < len(names) <= 30:
        axes[0, -1].legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8, frameon=False)
    plt.close(figure)
    return figure


def show_app(report: RunReport, settings: Settings, height: int = HEIGHT) -> App | None:
    """Open the FiftyOne App below a notebook's cell; the kernel's end stops it.

    Args:
        report: of the run whose data set is shown.
        settings: home and preferred port; another one is taken where it is in use.
        height: of the frame in pixels.

    Returns:
        The running App; None where it could not be started, which is said in a sentence.
    """
    from IPython.core.getipython import get_ipython
    from IPython.display import HTML, display

    from audio_assets.explore.app import launch

    try:
        port = _usable_port(settings.app_port)
        app = launch(Home.of(settings), report.dataset, port=port, wait=False)
    except AudioAssetsError as error:
        print(
            f"The App could not be started here: {error}\nEverything above is done and kept; open "
            f"it later with: audio-assets app {report.dataset}"
        )
        return None
    if get_ipython() is None:
        print("There is no notebook to show it in; open the address in a browser.")
        return app
    print("Nothing below? Open that address in a browser on the machine where the kernel runs.")
    display(HTML(_FRAME.substitute(url=html.escape(app.url), height=int(height))))
    return app


def _usable_port(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise AudioAssetsError("this machine has no free port.")
