import subprocess
import sys
import threading
import time

import pytest

from audio_assets.errors import BusyError
from audio_assets.file_locks import locked

HOLD = (
    "import sys, time; from pathlib import Path; from audio_assets.file_locks import locked\n"
    "with locked(Path(sys.argv[1]), 5): print('mine', flush=True); time.sleep(60)"
)


def test_a_lock_that_another_process_holds_is_busy_until_it_dies(tmp_path):
    path = tmp_path / "locks" / "one.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mine\n"
        with pytest.raises(BusyError, match=r"one\.lock"), locked(path, 0.2):
            pass
    finally:
        holder.kill()
        holder.wait()
    with locked(path, 5):
        pass


def test_threads_hand_a_lock_on_at_once_and_one_at_a_time(tmp_path):
    path, inside, most = tmp_path / "one.lock", [0], [0]

    def work():
        for _ in range(5):
            with locked(path, 10):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.001)
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(20)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
    assert time.monotonic() - begun < 3, "asking 20 times a second took longer"
