"""From windows to vectors: signature, streaming, resume; knows nothing of Dagster or FiftyOne."""
