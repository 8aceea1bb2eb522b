"""Code of the training notebooks beside the package's own: taken over into them as it is here."""
