"""Linear probes: a linear classifier on the vectors of another checkpoint, kept as a checkpoint."""
