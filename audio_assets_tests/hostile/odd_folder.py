"""A folder of odd names and kinds of files around good sound, and what should become of each."""

from __future__ import annotations

import os
import shutil
import socket
import struct
from dataclasses import dataclass, field
from pathlib import Path

GOOD_NAMES = (
    "plain.wav",
    "new\nline.wav",
    "tab\tand\rreturn.wav",
    "-rf --help.wav",
    "--home=elsewhere.wav",
    "a..b.wav",
    "quote'\"`$(touch executed)`.wav",
    "semi;colon & pipe | star * .wav",
    "=cmd|' /C calc'!A0.wav",
    "back\\slash.wav",
    "C:\\windows\\name.wav",
    "percent %2e%2e%2f %s %n.wav",
    "bell\a escape\x1b[31m.wav",
    "caf\u00e9.wav",
    "cafe\u0301.wav",
    "Case.wav",
    "case.wav",
    "CASE.WAV",
    "right\u202eto left.wav",
    "zero\u200bwidth.wav",
    "\U0001f40b whale.wav",
    "trailing space .wav",
    " leading space.wav",
    "con.wav",
    "nul.wav",
    "<script>alert(1)</script>.wav",
    "n" * 251 + ".wav",
    "\u9be8" * 83 + ".wav",
    "deep/" + "/".join(["d" * 200] * 15) + "/far.wav",
    "new\nfolder/inside.wav",
    "folder.wav/inside.wav",
    "caf\u00e9/twin.wav",
    "cafe\u0301/twin.wav",
)
"""Every name of a good recording that a file system takes."""


@dataclass
class OddFolder:
    """What was made.

    Attributes:
        good: relative paths that must become rows that are not `failed`.
        named: relative path → a part of the reason that a `failed` row must give.
        silent: names of which nothing must be said, for they are no files to read.
    """

    good: list[str] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)
    silent: list[str] = field(default_factory=list)


def make_odd_folder(root: Path, content: list[bytes], outside: Path) -> OddFolder:
    """Fill a directory.

    Args:
        root: made here.
        content: sound files, WAV; they are used in turn.
        outside: a directory beside the root with files that nobody may read, made here.
    """
    made = OddFolder()
    root.mkdir(parents=True)
    outside.mkdir(parents=True)
    for number, name in enumerate(GOOD_NAMES):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content[number % len(content)])
        made.good.append(name)
    (outside / "secret.wav").write_bytes(content[0])
    (outside / "folder").mkdir()
    (outside / "folder" / "secret.wav").write_bytes(content[0])
    _links(root, outside, made)
    _kinds(root, made)
    _not_utf8(root, content[0], made)
    return made


def _links(root: Path, outside: Path, made: OddFolder) -> None:
    """Links inside, outside, in circles, to nothing; a hard link."""
    (root / "link inside.wav").symlink_to("plain.wav")
    os.link(root / "plain.wav", root / "hard link.wav")
    (root / "up and down.wav").symlink_to(f"../{root.name}/plain.wav")
    made.good += ["link inside.wav", "hard link.wav", "up and down.wav"]
    (root / "link out.wav").symlink_to(outside / "secret.wav")
    (root / "folder out").symlink_to(outside / "folder")
    (root / "through.wav").symlink_to("folder out/secret.wav")
    (root / "climbs.wav").symlink_to("../" * 40 + "etc/passwd")
    made.named |= {
        "link out.wav": "outside",
        "folder out": "outside",
        "through.wav": "outside",
        "climbs.wav": "outside",
    }
    (root / "nowhere.wav").symlink_to("no such file.wav")
    (root / "one.wav").symlink_to("two.wav")
    (root / "two.wav").symlink_to("one.wav")
    (root / "self.wav").symlink_to("self.wav")
    made.named |= {"nowhere.wav": "does not exist", "one.wav": "", "two.wav": "", "self.wav": ""}
    (root / "loop").mkdir()
    (root / "loop" / "again").symlink_to("..")
    (root / "loop" / "up").symlink_to(root)
    made.silent += ["loop/again", "loop/up"]


def _kinds(root: Path, made: OddFolder) -> None:
    """Pipes, sockets, directories with the names of files, files without end or permission."""
    os.mkfifo(root / "pipe.wav")
    (root / "link to pipe.wav").symlink_to("pipe.wav")
    with socket.socket(socket.AF_UNIX) as made_socket:
        here = os.getcwd()  # noqa: PTH109
        os.chdir(root)  # the path of a socket is at most 108 bytes
        made_socket.bind("socket.wav")
        os.chdir(here)
    (root / "empty folder.wav").mkdir()
    for name in ("..wav", "..hidden.wav", ".../dots.wav"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(b"hidden")
    made.silent += [
        "..wav",
        "..hidden.wav",
        ".../dots.wav",
        "pipe.wav",
        "link to pipe.wav",
        "socket.wav",
        "empty folder.wav",
    ]
    (root / "device.wav").symlink_to("/dev/zero")
    (root / "empty.wav").touch()
    (root / "text.wav").write_text("no sound at all")
    (root / "locked.wav").write_bytes(b"RIFF")
    (root / "locked.wav").chmod(0)
    made.named |= {"device.wav": "outside", "empty.wav": "empty", "text.wav": "not a sound file",
                   "locked.wav": ""}  # fmt: skip
    (root / "locked folder").mkdir()
    (root / "locked folder").chmod(0)


def _not_utf8(root: Path, content: bytes, made: OddFolder) -> None:
    """Names of bytes that are no text."""
    for name in (b"latin-\xe9.wav", b"half-\xf0\x9f.wav", b"surrogate-\xed\xa0\x80.wav"):
        with open(os.path.join(os.fsencode(root), name), "wb") as stream:  # noqa: PTH118, PTH123
            stream.write(content)
        made.named[name.decode("utf-8", "backslashreplace")] = "UTF-8"


def sparse_wave(path: Path, megabytes: int) -> None:
    """A WAV of zeros that takes no room on the disk."""
    size = megabytes << 20
    head = b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 22050, 44100, 2, 16)
    with path.open("wb") as stream:
        stream.write(head + b"data\xff\xff\xff\xff")
        stream.truncate(size)


def unlock(root: Path) -> None:
    """Give permissions back, so that the directory can be removed."""
    for path in (root / "locked folder", root / "locked.wav"):
        if path.exists():
            path.chmod(0o700)
    shutil.rmtree(root, ignore_errors=True)
