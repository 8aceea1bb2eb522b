"""The table of jobs: every change is one transaction, whoever makes it, API or sensor."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from audio_assets.jobs.database import JOBS, KEYS, database_url, open_database
from audio_assets.jobs.job import (
    LIVE,
    Job,
    JobConflictError,
    Kind,
    State,
    UnknownJobError,
    canonical,
)
from audio_assets.settings import Settings

ATTEMPTS = 5  # each lost race means that another request was stored


class JobStore:
    """Jobs of one home; safe to use from threads and from many processes at once.

    Args:
        settings: name the database.

    Raises:
        SettingsError: the database's URL cannot be understood.
        DatabaseError: the database cannot be reached.
    """

    def __init__(self, settings: Settings) -> None:
        self._engine = open_database(database_url(settings))

    def create(
        self, kind: Kind, request: dict[str, Any], idempotency_key: str | None = None
    ) -> tuple[Job, bool]:
        """Store a job, unless it is there already.

        The same key gives the same job for ever; an identical request gives the same job for as
        long as that one has not ended.

        Args:
            kind: which kind of job.
            request: resolved and JSON-able.
            idempotency_key: the client's own name of this request.

        Returns:
            The job, and whether it is new.

        Raises:
            JobConflictError: the key was used for another request.
        """
        text, request_hash = canonical(kind, request)
        for attempt in range(ATTEMPTS):
            try:
                with self._engine.begin() as connection:
                    return _create(connection, kind, text, request_hash, idempotency_key)
            except IntegrityError:
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    def get(self, job_id: str) -> Job:
        """The job of an id.

        Raises:
            UnknownJobError: there is none.
        """
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            return _get(connection, job_id)

    def list(
        self,
        kind: Kind | None = None,
        state: State | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> list[Job]:
        """Jobs, newest first.

        Args:
            kind: only this kind.
            state: only those in this state.
            limit: at most so many.
            after: id of the last job of the page before.

        Raises:
            UnknownJobError: `after` is no job.
        """
        query = select(JOBS).order_by(JOBS.c.created.desc(), JOBS.c.job_id.desc()).limit(limit)
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if kind is not None:
                query = query.where(JOBS.c.kind == kind)
            if state is not None:
                query = query.where(JOBS.c.state == state)
            if after is not None:
                last = _get(connection, after)
                place = (_text(last.created), last.job_id)
                query = query.where(tuple_(JOBS.c.created, JOBS.c.job_id) < place)
            return [_job(row) for row in connection.execute(query)]

    def counts(self) -> dict[tuple[str, str], int]:
        """Number of jobs by (kind, state)."""
        columns = (JOBS.c.kind, JOBS.c.state)
        query = select(*columns, func.count()).group_by(*columns)
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            return {(kind, state): number for kind, state, number in connection.execute(query)}

    def live(self) -> list[Job]:
        """Jobs that have not ended, oldest first."""
        query = select(JOBS).where(JOBS.c.state.in_(LIVE)).order_by(JOBS.c.created, JOBS.c.job_id)
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            return [_job(row) for row in connection.execute(query)]

    def start(self, job_id: str) -> bool:
        """Take a queued job to work on it.

        Returns:
            False when it is not queued any more, which is how a cancellation wins the race.
        """
        waiting = (JOBS.c.state == "queued") & ~JOBS.c.cancel_requested
        return self._change(job_id, waiting, state="running")

    def end(self, job_id: str, state: State, error: str | None = None) -> bool:
        """Give a live job its verdict; a verdict is never changed.

        Returns:
            Whether this call did it.
        """
        live = JOBS.c.state.in_(LIVE)
        return self._change(job_id, live, state=state, error=error, live_hash=None)

    def request_cancel(self, job_id: str) -> Job:
        """Ask for the end of a job: at once while it is queued, else the sensor stops its runs.

        Raises:
            UnknownJobError: there is no such job.
            JobConflictError: it has finished or failed already.
        """
        waiting = JOBS.c.state == "queued"
        stopped = self._change(
            job_id, waiting, state="canceled", live_hash=None, cancel_requested=True
        )
        if not stopped:
            self._change(job_id, JOBS.c.state == "running", cancel_requested=True)
        job = self.get(job_id)
        if job.state in ("finished", "failed"):
            raise JobConflictError(
                f"Job {job_id} has {job.state} already and cannot be canceled any more."
            )
        return job

    def _change(self, job_id: str, condition: ColumnElement[bool], **values: Any) -> bool:
        query = update(JOBS).where((JOBS.c.job_id == job_id) & condition)
        with self._engine.begin() as connection:
            changed = connection.execute(query.values(updated=_text(datetime.now(UTC)), **values))
            return changed.rowcount > 0


def _create(
    connection: Connection, kind: Kind, text: str, request_hash: str, key: str | None
) -> tuple[Job, bool]:
    if key is not None:
        known = connection.execute(select(KEYS).where(KEYS.c.idempotency_key == key)).first()
        if known is not None:
            if known.request_hash != request_hash:
                raise JobConflictError(
                    f"The idempotency key {key!r} was used for another request (job "
                    f"{known.job_id}). Use a new key for a new request."
                )
            return _get(connection, known.job_id), False
    same = connection.execute(select(JOBS.c.job_id).where(JOBS.c.live_hash == request_hash)).first()
    job_id = same.job_id if same is not None else str(uuid.uuid4())
    if same is None:
        now = _text(datetime.now(UTC))
        connection.execute(
            insert(JOBS).values(
                job_id=job_id, kind=kind, request_hash=request_hash, live_hash=request_hash,
                request=text, state="queued", created=now, updated=now, cancel_requested=False,
            )
        )  # fmt: skip
    if key is not None:
        connection.execute(
            insert(KEYS).values(idempotency_key=key, request_hash=request_hash, job_id=job_id)
        )
    return _get(connection, job_id), same is None


def _get(connection: Connection, job_id: str) -> Job:
    row = connection.execute(select(JOBS).where(JOBS.c.job_id == job_id)).first()
    if row is None:
        raise UnknownJobError(f"There is no job {job_id!r}. GET the list of jobs shows their ids.")
    return _job(row)


def _job(row: Row[Any]) -> Job:
    return Job(
        job_id=row.job_id,
        kind=cast("Kind", row.kind),
        request=json.loads(row.request),
        request_hash=row.request_hash,
        state=cast("State", row.state),
        created=datetime.fromisoformat(row.created),
        updated=datetime.fromisoformat(row.updated),
        cancel_requested=bool(row.cancel_requested),
        error=row.error,
    )


def _text(moment: datetime) -> str:
    """ISO 8601 of one width, so that text sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
