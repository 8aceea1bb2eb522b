"""Requests that outlive their client: what is asked for, stored once; Dagster does the work."""
