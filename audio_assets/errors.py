"""The error hierarchy: a message names the thing, what was found, what was expected, what to do."""

from __future__ import annotations


class AudioAssetsError(Exception):
    """Base of every error that a user is meant to read: its text is shown, never a traceback."""

    exit_code = 1


class UsageError(AudioAssetsError):
    """A wrong argument: a name that is taken, a path that does not exist, a contradiction."""

    exit_code = 2


class NotFoundError(UsageError):
    """Nothing has the name or id that was asked for."""


class ConflictError(UsageError):
    """What was asked for contradicts what is there; the message says what has to change first."""


class SettingsError(UsageError):
    """A setting (environment variable or file) has a value that cannot be used."""


class RecordingError(AudioAssetsError):
    """A recording cannot be read; the message is the reason shown beside the file."""


class AwayError(RecordingError):
    """A folder, or a recording of it, was away while it was read; the next scan counts as news."""


class MetadataError(AudioAssetsError):
    """A metadata table cannot be read or does not fit the schema."""


class CheckpointError(AudioAssetsError):
    """A checkpoint is missing, unreadable, of an unknown architecture, or unsafe."""


class CardError(CheckpointError):
    """A model card (`model.yaml`) is missing a field or contradicts its weights."""


class EncodingError(AudioAssetsError):
    """Vectors could not be computed, or would have been wrong."""


class StorageError(AudioAssetsError):
    """A file of the home cannot be written or read."""


class BusyError(StorageError):
    """Somebody else has been writing the same file for too long; trying again helps."""


class DatabaseError(AudioAssetsError):
    """MongoDB, behind FiftyOne, cannot be started or reached."""


class NotMaterializedError(UsageError):
    """Something asked for has not been computed yet; the message names the command that does."""
