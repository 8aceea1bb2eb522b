"""Reports of a folder under a checkpoint: gathered once, written as HTML and as PDF."""
