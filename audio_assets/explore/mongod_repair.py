"""Right counts after an unclean stop of mongod.

FiftyOne's `len(dataset)` and `count()` read a collection's *estimated* size. After `kill -9` that
is 0 or stale although every document is there, until Mongo's `validate` puts it right.
"""

from __future__ import annotations

import logging
from typing import Any

import pymongo
from pymongo.database import Database
from pymongo.errors import PyMongoError

from audio_assets.errors import DatabaseError

log = logging.getLogger(__name__)

INTERNAL = {"admin", "config", "local"}


def repair_counts(uri: str) -> list[str]:
    """Validate every collection whose estimated size is not its real one.

    Args:
        uri: of the server.

    Returns:
        The names of the collections that were repaired.

    Raises:
        DatabaseError: when the server does not answer.
    """
    client: pymongo.MongoClient = pymongo.MongoClient(uri)
    try:
        return [
            name
            for database in client.list_database_names()
            if database not in INTERNAL
            for name in _repair_database(client[database])
        ]
    except PyMongoError as error:
        raise DatabaseError(f"MongoDB could not be checked after its crash: {error}.") from error
    finally:
        client.close()


def repair_collection(collection: Any) -> bool:
    """Validate one collection (a pymongo one) if its estimated size is not its real one."""
    if collection.estimated_document_count() == collection.count_documents({}):
        return False
    collection.database.command("validate", collection.name)
    log.warning("the count of %s was wrong after an unclean stop; repaired", collection.name)
    return True


def _repair_database(database: Database) -> list[str]:
    names = [c["name"] for c in database.list_collections(filter={"type": "collection"})]
    return [name for name in names if repair_collection(database[name])]
