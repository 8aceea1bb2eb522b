"""`audio-assets`: the command line.

Results go to stdout, bars and logs to stderr. Exit status: 0 done, 1 the job failed, 2 wrong usage,
3 with `--strict` when a file failed.
"""

from __future__ import annotations

import atexit
import gc
import json
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from audio_assets.cli_analysis import cluster, compare
from audio_assets.cli_backup import backup
from audio_assets.cli_bucket import bucket
from audio_assets.cli_export import export
from audio_assets.cli_models import models, plugins
from audio_assets.cli_notebook import notebook
from audio_assets.cli_radio import radio
from audio_assets.cli_report import report
from audio_assets.cli_run import run
from audio_assets.cli_serving import api, serve
from audio_assets.cli_settings import load_settings
from audio_assets.errors import AudioAssetsError

app = typer.Typer(
    name="audio-assets",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Folders of recordings to embeddings to something people explore.",
)
app.command()(run)
app.command()(export)
app.command()(cluster)
app.command()(compare)
app.command()(report)
app.add_typer(models, name="models")
app.add_typer(plugins, name="plugins")
app.add_typer(notebook, name="notebook")
app.add_typer(bucket, name="bucket")
app.add_typer(radio, name="radio")
app.command()(api)
app.command()(serve)
app.command()(backup)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, last, on stdout.")]
Checkpoint = Annotated[str | None, typer.Option(help="Checkpoint; the default one if not given.")]
FolderName = Annotated[str, typer.Option("--folder", help="The folder's name.")]


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"audio-assets {version('audio-assets')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None: ...


@app.command()
def demo(
    folder: Annotated[Path | None, typer.Argument(help="A directory of recordings.")] = None,
    esc50: Annotated[bool, typer.Option("--esc50", help="Download ESC-50 first.")] = False,
) -> None:
    """Run on FOLDER, else on the folders under data/audio, else on a synthetic soundscape."""
    from audio_assets.demo import demo_folders
    from audio_assets.running import run as run_folder
    from audio_assets.summary import how_to_open, run_summary

    for root in demo_folders(load_settings(), folder, esc50=esc50):
        print(run_summary(run_folder(root)))
    print(how_to_open())


@app.command()
def status(as_json: Json = False) -> None:
    """What is materialized for each folder and checkpoint, what is stale, and why."""
    from audio_assets.summary import folder_status, status_table

    rows = folder_status(load_settings())
    _print({"folders": rows} if as_json else status_table(rows), as_json)


@app.command()
def search(
    folder: FolderName,
    window_id: Annotated[str | None, typer.Option(help="Neighbours of this window.")] = None,
    file: Annotated[Path | None, typer.Option(help="Neighbours of this sound file.")] = None,
    vector: Annotated[Path | None, typer.Option(help="Neighbours of a vector in a .npy.")] = None,
    checkpoint: Checkpoint = None,
    k: Annotated[int, typer.Option("-k", help="How many.")] = 20,
    as_json: Json = False,
) -> None:
    """The windows nearest to a window, a sound file or a vector."""
    from audio_assets.reading import search as find
    from audio_assets.storage import read_npy
    from audio_assets.summary import results_table

    query = read_npy(vector, mmap=False) if vector else None
    rows = find(folder, window_id=window_id, file=file, vector=query, checkpoint=checkpoint, k=k)
    _print({"results": rows} if as_json else results_table(rows), as_json)


@app.command("app")
def open_app(
    folder: Annotated[str | None, typer.Argument(help="The folder's name.")] = None,
    port: Annotated[int | None, typer.Option(help="Port on this machine.")] = None,
) -> None:
    """Open the FiftyOne App on a folder's data set."""
    from audio_assets.explore.app import launch
    from audio_assets.home import Home
    from audio_assets.summary import only_folder

    settings = load_settings(app_port=port)
    launch(Home.of(settings), only_folder(settings, folder), port=settings.app_port)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check Python, mongod, device, disk and registry; say how to mend each."""
    from dataclasses import asdict

    from audio_assets.doctor import examine

    findings = examine(load_settings())
    if as_json:
        _print({"findings": [asdict(f) for f in findings]}, as_json)
    else:
        for f in findings:
            print(
                f"{f.state:8} {f.what:14} {f.found}" + (f"\n{'':23} {f.remedy}" if f.remedy else "")
            )
    if any(f.state == "error" for f in findings):
        raise typer.Exit(1)


@app.command()
def forget(
    folder: Annotated[str, typer.Argument(help="The folder's name.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a folder from the registry and delete what was computed; recordings stay."""
    from audio_assets.forgetting import forget_folder

    if not yes:
        typer.confirm(f"Delete everything computed for {folder!r}? Recordings stay.", abort=True)
    forget_folder(load_settings(), folder)
    print(f"{folder} is forgotten; its recordings were not touched")


@app.command()
def stop() -> None:
    """Stop the MongoDB of this home."""
    from audio_assets.explore.mongod import stop_database
    from audio_assets.home import Home

    stopped = stop_database(Home.of(load_settings()))
    print("MongoDB stopped" if stopped else "MongoDB was not running")


@app.command()
def train(
    data: Annotated[Path, typer.Argument(help="A data set in the ESC-50 layout.")],
    out: Annotated[Path, typer.Argument(help="Directory of the new checkpoint.")],
    resume: Annotated[bool, typer.Option(help="Go on where a stopped run was.")] = True,
    track: Annotated[str | None, typer.Option(help="Log the run: mlflow or wandb.")] = None,
) -> None:
    """Pre-train, fine-tune and evaluate an AudioMAE++; reproduces the shipped checkpoint.

    Takes an hour on two cores; a stopped run goes on when it is started again. The scores
    on the test fold go to standard output as JSON.
    """
    from dataclasses import asdict

    from audio_assets.training.log import logged
    from audio_assets.training.train import train as train_checkpoint

    with logged():
        scores = train_checkpoint(data, out, resume=resume, track=track)
    print(json.dumps(asdict(scores) if scores else {}))


def _print(value: Any, as_json: bool) -> None:
    print(json.dumps(value, ensure_ascii=False) if as_json else value)


def main() -> NoReturn:
    """Entry point: errors become one line on stderr and an exit status."""
    gc.set_threshold(10_000, 10, 10)  # libraries make a million objects that stay
    atexit.register(gc.freeze)  # the last collection took two seconds to find that they go anyway
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app(standalone_mode=True)
    except AudioAssetsError as error:
        print(f"audio-assets: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        print("audio-assets: stopped; finished work is kept, run again to go on", file=sys.stderr)
        raise SystemExit(130) from None
    raise SystemExit(0)


if __name__ == "__main__":
    main()
