"""Writes the test file that a plug-in's author puts into his own suite."""

from __future__ import annotations

import re
from pathlib import Path

from audio_assets.errors import UsageError
from audio_assets.plugins import Registry
from audio_assets.storage import atomic_open

CONTRACTS = {
    "transforms": ("transform_contract", "TransformContract", "name"),
    "loaders": ("loader_contract", "LoaderContract", "name"),
    "models": ("encoder_contract", "EncoderContract", "checkpoint"),
    "places": ("place_contract", "PlaceContract", "name"),
    "visualisations": ("visualisation_contract", "VisualisationContract", "name"),
}
TEMPLATE = '''"""Conformance of {name!r}; written by `audio-assets plugins test {kind}:{name}`."""

from audio_assets.conformance.{module} import {contract}


class Test{title}({contract}):
    """Add tests of your own below; override `{hook}` where the defaults do not fit."""

    {attribute} = {name!r}
'''
_HOOKS = {
    "loaders": "make_data_set", "places": "make_data_set",
    "transforms": "params", "models": "checkpoint",
}  # fmt: skip


def registries() -> dict[str, Registry]:
    """Every registry by kind."""
    from audio_assets.analysis.visualisations import visualisation_registry
    from audio_assets.loaders.places.source import place_registry
    from audio_assets.loaders.registry import data_loader_registry
    from audio_assets.models.encoder import model_registry
    from audio_assets.transforms.registry import transform_registry

    every = (
        model_registry, data_loader_registry, place_registry, transform_registry,
        visualisation_registry,
    )  # fmt: skip
    return {registry.kind: registry for registry in every}


def write_test(plugin: str, output: Path) -> Path:
    """Write a conformance test file.

    Args:
        plugin: `kind:name`; for `models`, the name or path of a checkpoint of that kind.
        output: the file; never overwritten.

    Raises:
        UsageError: unknown kind or name, or the file exists.
    """
    kind, _, name = plugin.partition(":")
    if kind not in CONTRACTS or not name:
        raise UsageError(f"{plugin!r} is not kind:name with a kind of {', '.join(CONTRACTS)}.")
    if kind != "models":
        registries()[kind].get(name)
    if output.exists():
        raise UsageError(f"{output} exists already; give another name, or remove it.")
    module, contract, attribute = CONTRACTS[kind]
    title = "".join(part.title() for part in re.split(r"[^A-Za-z0-9]+", f"{kind}_{name}"))
    text = TEMPLATE.format(
        kind=kind, name=name, module=module, contract=contract,
        title=title, attribute=attribute, hook=_HOOKS.get(kind, "folder"),
    )  # fmt: skip
    with atomic_open(output) as stream:
        stream.write(text.encode())
    return output
