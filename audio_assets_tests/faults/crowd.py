"""A crowd of clients that use one API at the same time, and what each was promised by a 2xx."""

from __future__ import annotations

import asyncio
import io
import random
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
import soundfile as sf

RATE = 8000
RETRIED = (503,)
PATIENCE_S = 120.0


def short_sound(seed: int) -> bytes:
    """A quarter of a second of noise, other bytes for every seed."""
    wave = np.random.default_rng(seed).normal(scale=0.1, size=RATE // 4)
    buffer = io.BytesIO()
    sf.write(buffer, wave.astype(np.float32), RATE, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


@dataclass
class Kept:
    """What the clients have seen.

    Attributes:
        uploads: id of each recording that was acknowledged, with the label it was sent with.
        jobs: job ids that were answered, by idempotency key; more than one is a doubled job.
        statuses: number of answers by (what was asked, status).
        broken: requests that got no answer at all, by kind of error.
        seconds: times to the answer, by what was asked.
        wrong: answers that must not be, in words.
    """

    uploads: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)


class Crowd:
    """Clients that upload, edit, search, read and ask for jobs, each in an order of its own.

    Args:
        base: address of the API.
        folders: keys of folders that jobs may be asked for.
        dim: length of the vectors that are searched with.
        seed: of the clients' choices; the sounds of another seed are others.
        headers: of every request, such as a token.
    """

    def __init__(
        self, base: str, folders: list[str], dim: int, seed: int = 51,
        headers: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.base, self.folders, self.dim, self.seed = base, folders, dim, seed
        self.headers = headers or {}
        self.kept = Kept()
        self.ids: list[str] = []
        self._sent = 0

    async def run(self, clients: int, seconds: float) -> None:
        """Let so many clients loose at once."""
        end = time.monotonic() + seconds
        limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
        async with httpx.AsyncClient(
            base_url=self.base, limits=limits, timeout=PATIENCE_S, headers=self.headers
        ) as http:
            await asyncio.gather(*(self._client(http, i, end) for i in range(clients)))

    async def _client(self, http: httpx.AsyncClient, number: int, end: float) -> None:
        rng = random.Random(self.seed * 1000 + number)
        asks: list[Callable[[httpx.AsyncClient, random.Random], Awaitable[None]]] = [
            self._upload, self._upload, self._edit, self._search, self._raw, self._list,
            self._list, self._health, self._job, self._picture,
        ]  # fmt: skip
        while time.monotonic() < end:
            await rng.choice(asks)(http, rng)

    async def _ask(
        self, http: httpx.AsyncClient, what: str, method: str, path: str, **more: Any
    ) -> httpx.Response | None:
        """One request; None where no answer came."""
        begun = time.monotonic()
        try:
            reply = await http.request(method, path, **more)
        except httpx.HTTPError as error:
            self.kept.broken[f"{what}: {type(error).__name__}"] += 1
            await asyncio.sleep(0.5)
            return None
        self.kept.seconds[what].append(time.monotonic() - begun)
        self.kept.statuses[what, reply.status_code] += 1
        self._judge(what, reply)
        return reply

    def _judge(self, what: str, reply: httpx.Response) -> None:
        if reply.status_code < 500 or len(self.kept.wrong) > 50:
            return
        if reply.status_code != 503 or "retry-after" not in reply.headers:
            self.kept.wrong.append(f"{what}: {reply.status_code} {reply.text[:300]}")

    async def _upload(self, http: httpx.AsyncClient, rng: random.Random) -> None:
        again = bool(self._sent) and rng.random() < 0.2
        number = rng.randrange(self._sent) if again else self._sent
        self._sent = max(self._sent, number + 1)
        label = f"label-{number}"
        files = {"file": (f"{number}.wav", short_sound(self.seed * 1_000_000 + number))}
        while True:
            reply = await self._ask(
                http, "upload", "POST", "/audio/upload", files=files, data={"label": label}
            )
            if reply is None or reply.status_code in RETRIED:
                return
            if reply.status_code in (200, 201):
                found = reply.json()["audio"]["id"]
                self.kept.uploads[found] = label
                self.ids.append(found)
            return

    async def _edit(self, http: httpx.AsyncClient, rng: random.Random) -> None:
        if self.ids:
            body = {"site": f"site-{rng.randrange(5)}"}
            path = f"/audio/{rng.choice(self.ids)}/metadata"
            await self._ask(http, "edit", "PUT", path, json=body)

    async def _search(self, http: httpx.AsyncClient, rng: random.Random) -> None:
        vector = [rng.uniform(-1, 1) for _ in range(self.dim)]
        await self._ask(http, "search", "POST", "/search", json={"vector": vector, "k": 5})

    async def _raw(self, http: httpx.AsyncClient, rng: random.Random) -> None:
        if self.ids:
            path = f"/audio/{rng.choice(self.ids)}/raw"
            await self._ask(http, "raw", "GET", path, headers={"range": "bytes=0-99"})

    async def _picture(self, http: httpx.AsyncClient, rng: random.Random) -> None:
        if self.ids:
            await self._ask(http, "picture", "GET", f"/audio/{rng.choice(self.ids)}/spectrogram")

    async def _list(self, http: httpx.AsyncClient, rng: random.Random) -> None:
        path = rng.choice(["/audio/?limit=20", "/processing/jobs?limit=20", "/admin/models"])
        await self._ask(http, "list", "GET", path)

    async def _health(self, http: httpx.AsyncClient, _rng: random.Random) -> None:
        await self._ask(http, "health", "GET", "/health")

    async def _job(self, http: httpx.AsyncClient, rng: random.Random) -> None:
        folder = rng.choice(self.folders)
        key = f"{folder}-{self.seed}"
        reply = await self._ask(
            http, "job", "POST", "/processing/jobs", json={"folder": folder},
            headers={"Idempotency-Key": key},
        )  # fmt: skip
        if reply is not None and reply.status_code in (200, 202):
            self.kept.jobs[key].add(reply.json()["job_id"])


def lost(base: str, kept: Kept, headers: dict[str, str] | None = None) -> list[str]:
    """What was acknowledged and is not there, in words: recordings, their labels, jobs."""
    faults: list[str] = []
    with httpx.Client(base_url=base, timeout=PATIENCE_S, headers=headers) as http:
        for found, label in kept.uploads.items():
            reply = http.get(f"/audio/{found}")
            if reply.status_code != 200:
                faults.append(f"the recording {found} is lost: {reply.text[:200]}")
            elif reply.json()["metadata"].get("label") != label:
                faults.append(f"the label {label!r} of {found} is lost")
            elif http.get(f"/audio/{found}/raw").status_code != 200:
                faults.append(f"the bytes of {found} are lost")
        for key, ids in kept.jobs.items():
            if len(ids) > 1:
                faults.append(f"the key {key} led to {len(ids)} jobs")
            for job in ids:
                if http.get(f"/processing/jobs/{job}").status_code != 200:
                    faults.append(f"the job {job} is lost")
    return faults


def figures(kept: Kept) -> dict[str, Any]:
    """Counts and times of the answers."""
    times = {
        what: {
            "n": len(found),
            "median_ms": round(1000 * float(np.median(found))),
            "p99_ms": round(1000 * float(np.quantile(found, 0.99))),
            "worst_ms": round(1000 * max(found)),
        }
        for what, found in sorted(kept.seconds.items())
    }
    return {
        "requests": sum(kept.statuses.values()),
        "statuses": {f"{what} {status}": n for (what, status), n in sorted(kept.statuses.items())},
        "unanswered": dict(sorted(kept.broken.items())),
        "times": times,
        "uploads": len(kept.uploads),
        "jobs": sum(map(len, kept.jobs.values())),
        "wrong": kept.wrong,
    }
