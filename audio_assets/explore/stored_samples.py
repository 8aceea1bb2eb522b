"""How many samples of a folder the database holds, asked without importing FiftyOne."""

from __future__ import annotations

import os

from audio_assets.home import Home


def stored_samples(home: Home, folder: str) -> int | None:
    """Samples of a folder's data set, counted in the database; None where that is not running.

    FiftyOne itself takes seconds to import, so MongoDB is asked directly.
    """
    from audio_assets.explore.mongod import database_status

    status = database_status(home)
    if not status.running:
        return None
    import pymongo

    name = os.environ.get("FIFTYONE_DATABASE_NAME", "fiftyone")
    with pymongo.MongoClient(status.uri, serverSelectionTimeoutMS=2000) as client:
        found = client[name]["datasets"].find_one({"name": folder}, {"sample_collection_name": 1})
        if found is None:
            return 0
        return client[name][found["sample_collection_name"]].count_documents({})
