"""Building blocks of the spectrogram encoders: patches, positions, attention, feed-forward nets, encoder blocks."""
