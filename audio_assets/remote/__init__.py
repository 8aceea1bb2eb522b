"""Recordings and embedding sets in buckets (`s3://`)."""
