"""Labelling in the App: cards of windows to judge, and the judgements as fields."""
