"""Runs the contracts on everything registered, or on `AUDIO_ASSETS_PLUGIN=kind:name` alone."""

from __future__ import annotations

import os

from audio_assets.analysis.visualisations import visualisation_registry
from audio_assets.conformance.loader_contract import LoaderContract
from audio_assets.conformance.place_contract import PlaceContract
from audio_assets.conformance.transform_contract import TransformContract
from audio_assets.conformance.visualisation_contract import VisualisationContract
from audio_assets.loaders.places.source import place_registry
from audio_assets.loaders.registry import data_loader_registry
from audio_assets.transforms.registry import transform_registry

CONTRACTS = {
    data_loader_registry: LoaderContract,
    place_registry: PlaceContract,
    transform_registry: TransformContract,
    visualisation_registry: VisualisationContract,
}
_ONLY = os.environ.get("AUDIO_ASSETS_PLUGIN", "")

for _registry, _contract in CONTRACTS.items():
    for _name in _registry.names():
        if _ONLY in ("", f"{_registry.kind}:{_name}"):
            _title = "Test" + "".join(p.title() for p in f"{_registry.kind}_{_name}".split("_"))
            globals()[_title] = type(_title, (_contract,), {"name": _name})
