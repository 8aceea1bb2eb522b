"""t-SNE made by another process, while this one makes the maps and clusters before it.

A run's assets follow one another, and UMAP, clusters and most of FiftyOne keep one processor busy.
The other process reads the same embeddings, computes on one thread what `tsne_coordinates` would
have given here, bit for bit, writes nothing to disk, and ends when its caller does. Should it fail,
nothing is lost but time: the caller computes for itself.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa

from audio_assets.analysis.projection import TsneParameters, tsne_coordinates
from audio_assets.settings import PROJECT_DIR
from audio_assets.storage import read_parquet

log = logging.getLogger(__name__)

_begun: dict[tuple[str, TsneParameters], subprocess.Popen[bytes]] = {}


@contextmanager
def tsne_begun(embeddings: Path, version: str, parameters: TsneParameters) -> Iterator[None]:
    """Have another process make a map; who wants it meanwhile takes it by `tsne_made`.

    Args:
        embeddings: Parquet file of an embedding set, which must not change meanwhile.
        version: of those embeddings, by which the map is asked for.
        parameters: of the map.
    """
    words = [sys.executable, "-m", __name__, os.fspath(embeddings), parameters.model_dump_json()]
    paths = os.pathsep.join(filter(None, [str(PROJECT_DIR), os.environ.get("PYTHONPATH")]))
    try:
        process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
            start_new_session=True,  # a Ctrl-C is for the caller, who ends this one
        )  # fmt: skip
    except OSError as error:
        log.warning("t-SNE is not computed ahead: %s", error)
        yield
        return
    _begun[version, parameters] = process
    try:
        yield
    finally:
        _begun.pop((version, parameters), None)
        process.kill()
        process.communicate()


def tsne_made(
    version: str, parameters: TsneParameters, *, meanwhile: Callable[[], object] = lambda: None
) -> pa.Table | None:
    """The map of some embeddings, if another process was asked for it; waits until it is made.

    Args:
        version: of the embeddings.
        parameters: of the map.
        meanwhile: is called before waiting, where there is something to wait for.

    Returns:
        What `tsne_coordinates` gives; None when nobody was asked, or it came to nothing.
    """
    process = _begun.pop((version, parameters), None)
    if process is None or process.stdout is None:
        return None
    if process.poll() is None:
        meanwhile()
    answer = process.stdout.read()
    if process.wait() == 0:
        with suppress(pa.ArrowInvalid), pa.ipc.open_stream(answer) as reader:
            return reader.read_all()
    log.warning("t-SNE computed ahead failed (status %s); it is computed here.", process.returncode)
    return None


def main() -> None:
    """Make the map of `EMBEDDINGS PARAMETERS`, and write it to standard output as Arrow."""
    threading.Thread(target=_end_with_caller, daemon=True).start()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is not an answer
    parameters = TsneParameters.model_validate_json(sys.argv[2])
    table = tsne_coordinates(read_parquet(Path(sys.argv[1])), parameters, threads=1)
    with answers, pa.ipc.new_stream(answers, table.schema) as writer:
        writer.write_table(table)


def _end_with_caller() -> None:
    """The caller keeps standard input open for as long as it lives."""
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    main()
