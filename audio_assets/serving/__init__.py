"""API, Dagster's web interface, daemon and code server, started and stopped as one."""
