"""`audio-assets models …` and `audio-assets plugins …`: registries from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from audio_assets.cli_settings import load_settings

models = typer.Typer(no_args_is_help=True, help="Checkpoints: list, scan, add, probe, remove.")
plugins = typer.Typer(help="What is plugged in, and tests for it.")

Name = Annotated[str, typer.Argument(help="The checkpoint's name.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


def _home():
    from audio_assets.home import Home

    return Home.of(load_settings()).ensure()


@models.command("list")
def list_models(as_json: Json = False) -> None:
    """Checkpoints of this home and the shipped ones; * marks the default."""
    from audio_assets.summary import models_table, registered_models

    rows = registered_models(load_settings())
    _print({"models": rows} if as_json else models_table(rows), as_json)


@models.command()
def scan(
    directory: Annotated[
        Path | None, typer.Argument(help="Where to look; the home's checkpoints if not given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Look at model files: kind, input, rate, dimension, or why one cannot be used."""
    from audio_assets.models.scan import scan as look
    from audio_assets.summary import columns

    found = look(directory or _home().checkpoints)
    if as_json:
        rows = [
            {"path": str(s.path), "kind": s.kind, "problem": s.problem, **s.facts} for s in found
        ]
        _print({"models": rows}, as_json)
        return
    header = ["kind", "input", "rate", "samples", "dim", "file"]
    keys = ("input", "sample_rate", "input_samples", "dim")
    table = [[s.kind, *(s.facts.get(k) or "?" for k in keys), s.path] for s in found]
    print(columns(header, table))
    for s in found:
        if s.problem:
            print(s.problem if str(s.path) in s.problem else f"{s.path}: {s.problem}")


@models.command()
def add(
    source: Annotated[str, typer.Argument(help="A recipe, such as birdnet, or a model file.")],
    name: Annotated[str | None, typer.Option(help="Name of the checkpoint.")] = None,
    licence: Annotated[str | None, typer.Option(help="Licence of the weights.")] = None,
    sample_rate: Annotated[int | None, typer.Option(help="Hertz, where not in the file.")] = None,
    input_seconds: Annotated[float | None, typer.Option(help="Length of one input.")] = None,
    embedding: Annotated[str | None, typer.Option(help="Tensor of the embedding.")] = None,
) -> None:
    """Register a model by recipe or from a file; it is probed before it is trusted."""
    from audio_assets.models.manage import add as register

    given = {"sample_rate": sample_rate, "input_seconds": input_seconds, "embedding": embedding}
    rate = load_settings().target_sample_rate
    checkpoint, notice = register(
        source, _home(), name=name, licence=licence, unstated_rate=rate, **given
    )
    print(notice)
    print(f"{checkpoint.name}: {checkpoint.card.kind}, {checkpoint.card.dim}-d, probed and ready")


@models.command()
def recipes() -> None:
    """Published models that `add` can fetch, with their licences."""
    from audio_assets.models.recipes.recipe import read_recipe, recipe_names
    from audio_assets.summary import columns

    known = [read_recipe(name) for name in recipe_names()]
    print(columns(["recipe", "licence", "model"], [[r.name, r.licence, r.title] for r in known]))


@models.command()
def show(name: Name) -> None:
    """The card, the probe's result and the folders that use it, as JSON."""
    from audio_assets.models.manage import show as facts

    print(json.dumps(facts(name, _home()), indent=2, ensure_ascii=False))


@models.command()
def probe(name: Name, as_json: Json = False) -> None:
    """Run it on noise, silence and a tone; refuse vectors that cannot be trusted."""
    from audio_assets.models.manage import probe_checkpoint
    from audio_assets.models.registry import resolve_checkpoint

    result = probe_checkpoint(resolve_checkpoint(name, _home()))
    result.pop("golden", None)
    _print(result if as_json else f"{name}: {result['dim']}-d, sounds tell apart, batch = single",
           as_json)  # fmt: skip


@models.command("set-default")
def make_default(name: Name) -> None:
    """Use this checkpoint wherever none is named."""
    from audio_assets.models.manage import set_default

    set_default(name, _home())
    print(f"{name} is the default checkpoint of this home")


@models.command()
def rename(name: Name, new: Annotated[str, typer.Argument(help="Its new name.")]) -> None:
    """Give a checkpoint another name; refused while embeddings refer to it."""
    from audio_assets.models.manage import rename as change

    print(f"{name} is now {change(name, new, _home()).name}")


@models.command()
def remove(name: Name) -> None:
    """Delete a checkpoint; refused while embeddings refer to it."""
    from audio_assets.models.manage import remove as delete

    delete(name, _home())
    print(f"{name} is removed")


@plugins.callback(invoke_without_command=True)
def plugins_or_command(context: typer.Context) -> None:
    """List what is plugged in when no command is given."""
    if context.invoked_subcommand is None:
        list_plugins()


@plugins.command("list")
def list_plugins(as_json: Json = False) -> None:
    """Everything registered, and where it is from."""
    from dataclasses import asdict

    from audio_assets.conformance.generate import registries
    from audio_assets.summary import columns

    found = [plugin for registry in registries().values() for plugin in registry.plugins()]
    if as_json:
        _print({"plugins": [asdict(plugin) for plugin in found]}, as_json)
    else:
        rows = [[p.kind, p.name, p.origin, p.target] for p in found]
        print(columns(["kind", "name", "from", "where"], rows))


@plugins.command("test")
def write_plugin_test(
    plugin: Annotated[str, typer.Argument(help="kind:name, such as transforms:logmel_image.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write.")],
) -> None:
    """Write a conformance test file for a plug-in."""
    from audio_assets.conformance.generate import write_test

    print(write_test(plugin, output))


def _print(value: Any, as_json: bool) -> None:
    print(json.dumps(value, ensure_ascii=False) if as_json else value)
