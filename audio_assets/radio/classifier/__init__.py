"""A small classifier of modulations over the embeddings of an image checkpoint."""
