"""What the first bytes of a file tell of it."""

from __future__ import annotations


def aac_container(head: bytes) -> str | None:
    """FFmpeg's name of the container; never its own guess, whose play lists open other files."""
    if head[4:8] == b"ftyp":
        return "mov"
    return "aac" if len(head) > 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0 else None


def describe(head: bytes) -> str:
    """What the first bytes look like, for a reader who does not know formats."""
    if head.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer; run 'git lfs pull' to get the recording"
    if head.lstrip()[:9].lower().startswith((b"<!doctype", b"<html")):
        return "it is a web page, probably a failed download"
    if not any(head):
        return "it begins with nothing but zeros, probably an interrupted copy"
    text = head[:32].decode("utf-8", "replace")
    if text.isprintable() and "\ufffd" not in text[:29]:  # the last character may be cut
        return f"starts with the text {text!r}"
    return f"starts with the bytes {head[:8].hex(' ')}"
