"""Loaders: the layouts in which data sets come, turned into one metadata table."""
