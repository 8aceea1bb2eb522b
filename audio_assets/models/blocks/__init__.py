"""Building blocks of the spectrogram encoders."""
