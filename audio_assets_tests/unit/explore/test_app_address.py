import socket

import pytest

from audio_assets.errors import UsageError
from audio_assets.explore.app import _check_address, _check_port


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "127.9.9.9"])
def test_this_machine_is_allowed(address):
    _check_address(address, allow_remote=False)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.4"])
def test_other_machines_are_only_allowed_in_so_many_words(address):
    with pytest.raises(UsageError, match="no password"):
        _check_address(address, allow_remote=False)
    _check_address(address, allow_remote=True)


def test_a_taken_port_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match="--port"):
            _check_port("127.0.0.1", taken.getsockname()[1])
