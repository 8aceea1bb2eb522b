"""Runs that die at a chosen moment, and what must be true after the next one."""
