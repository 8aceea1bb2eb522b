"""From a few labelled windows to a score of all others."""
