"""The REST API: the library over HTTP, and a client of Dagster, never a second engine."""
