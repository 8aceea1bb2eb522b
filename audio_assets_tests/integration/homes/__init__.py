"""Homes that are copied, restored, or were written by an earlier version."""
