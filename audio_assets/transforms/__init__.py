"""Transforms: from a waveform to the array that a model reads, and from that array to a picture."""
