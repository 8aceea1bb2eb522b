"""Radio IQ: what the samples are, where they lie, and how they become recordings."""
