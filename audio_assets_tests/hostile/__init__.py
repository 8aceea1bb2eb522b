"""Hostile and broken input: made from real files, put through the real path, never believed."""
