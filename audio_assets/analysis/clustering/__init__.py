"""Clustering of chosen embedding sets: method, quality, exemplars, outliers, and the job of it."""
