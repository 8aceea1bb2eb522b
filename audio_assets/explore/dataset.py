"""A folder's data set in FiftyOne: made, opened, deleted, and whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock
from pymongo.errors import PyMongoError

from audio_assets.errors import DatabaseError, NotMaterializedError, UsageError
from audio_assets.explore.environment import load_fiftyone
from audio_assets.explore.mongod import user_uri
from audio_assets.home import Home

if TYPE_CHECKING:
    import fiftyone as fo

    from audio_assets.explore.ledger import Ledger


def open_dataset(home: Home, name: str) -> fo.Dataset:
    """Load a folder's data set.

    Raises:
        NotMaterializedError: when there is none.
        DatabaseError: when MongoDB cannot be reached.
    """
    fiftyone = load_fiftyone(home)
    with _database_errors():
        if not fiftyone.dataset_exists(name):
            raise NotMaterializedError(
                f"There is no data set {name!r}. Make it with `audio-assets run FOLDER`."
            )
        return fiftyone.load_dataset(name)


def delete_dataset(home: Home, name: str) -> bool:
    """Delete a folder's data set.

    Returns:
        Whether there was one.

    Raises:
        DatabaseError: when MongoDB cannot be reached.
        UsageError: when the data set was made by somebody else.
    """
    if user_uri() is None and not (home.fiftyone / "db").is_dir():
        return False
    fiftyone = load_fiftyone(home)
    from audio_assets.explore.ledger import load_ledger

    with exclusive_dataset(home, name):
        if not fiftyone.dataset_exists(name):
            return False
        dataset = fiftyone.load_dataset(name)
        if load_ledger(dataset) is None and not _untouched(dataset):
            raise _foreign(name)
        dataset.delete()
        return True


def open_or_make(key: str, persistent: bool) -> tuple[fo.Dataset, Ledger, bool]:
    """The data set, its record, and whether they were made just now.

    Raises:
        UsageError: a data set of this name was made by somebody else.
    """
    import fiftyone as fo

    from audio_assets.explore.ledger import Ledger, load_ledger, save_ledger

    if fo.dataset_exists(key):
        dataset = fo.load_dataset(key)
        dataset.reload()
        book = load_ledger(dataset)
        if book is not None:
            if dataset.persistent != persistent:
                dataset.persistent = persistent
            return dataset, book, False
        if not _untouched(dataset):
            raise _foreign(key)
        dataset.delete()  # ours, of a run that died before the record was in it
    dataset, book = fo.Dataset(key, persistent=persistent), Ledger(folder=key)
    save_ledger(dataset, book)
    return dataset, book, True


def _untouched(dataset: fo.Dataset) -> bool:
    """Whether nobody has put anything into a data set since it was made."""
    from fiftyone.core.sample import get_default_sample_fields

    return (
        not dataset.info
        and not dataset.tags
        and dataset.count() == 0
        and not dataset.list_saved_views()
        and set(dataset.get_field_schema()) == set(get_default_sample_fields())
    )


def _foreign(name: str) -> UsageError:
    return UsageError(
        f"A data set {name!r} that audio_assets did not make is in this database; it is left "
        "alone. Give the folder another name with `--name`, or rename that data set."
    )


@contextmanager
def exclusive_dataset(home: Home, key: str) -> Iterator[None]:
    """One writer per data set on this machine; database errors become ours."""
    home.locks.mkdir(parents=True, exist_ok=True)
    with FileLock(home.locks / f"fiftyone-{key}.lock"), _database_errors():
        yield


@contextmanager
def _database_errors() -> Iterator[None]:
    try:
        yield
    except (PyMongoError, ConnectionError) as error:
        raise DatabaseError(
            f"FiftyOne's database failed: {str(error)[:300]}. Run again: what was written stays, "
            "and the rest follows."
        ) from error
