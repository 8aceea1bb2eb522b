"""Recordings: decode, verify, hash and resample files of sound, and cut them into windows."""
