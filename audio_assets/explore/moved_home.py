"""Samples of a home that was moved or restored elsewhere: their paths, mended before they show."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pymongo

from audio_assets.folders import FolderRegistry
from audio_assets.home import Home

PICTURE = "filepath"


def mend_paths(uri: str, home: Home) -> list[str]:
    """Let samples that point into another home, but whose pictures lie in this one, point here.

    The next run would do it, too; an App that is opened before it would show no picture. Paths
    outside of the former home stay as they are.

    Args:
        uri: of the database.
        home: whose data sets they are.

    Returns:
        Names of the data sets that were mended.
    """
    client: pymongo.MongoClient = pymongo.MongoClient(uri)
    try:
        database = client[os.environ.get("FIFTYONE_DATABASE_NAME", "fiftyone")]
        names = {"name": {"$in": FolderRegistry(home).keys()}}
        mended = []
        for found in database.datasets.find(names, {"name": 1, "sample_collection_name": 1}):
            samples = database[found["sample_collection_name"]]
            sample = samples.find_one() or {}
            former = _former_root(str(sample.get(PICTURE, "")), found["name"], home)
            if former is not None:
                fields = [name for name in sample if name.endswith(PICTURE)]
                samples.update_many({}, [{"$set": _moved(fields, former, home.root.resolve())}])
                mended.append(found["name"])
        return mended
    finally:
        client.close()


def _former_root(picture: str, folder: str, home: Home) -> str | None:
    """The home that a picture of this one is said to lie in; None when it is this one."""
    inside = home.asset("spectrograms", folder=folder).relative_to(home.root)
    root, inner, name = picture.partition(f"/{inside.as_posix()}/")
    elsewhere = bool(inner) and Path(root) != home.root.resolve()
    return root if elsewhere and (home.root / inside / name).is_file() else None


def _moved(fields: list[str], former: str, root: Path) -> dict[str, Any]:
    """A `$set` that exchanges the beginning of those of these fields that lie in `former`."""
    size = len(former.encode())
    return {
        field: {
            "$cond": [
                {"$eq": [{"$indexOfBytes": [f"${field}", f"{former}/"]}, 0]},
                {"$concat": [str(root), {"$substrBytes": [f"${field}", size, -1]}]},
                f"${field}",
            ]
        }
        for field in fields
    }
