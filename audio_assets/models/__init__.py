"""Models: cards, registry, checkpoint files and the encoders that turn windows into vectors."""
