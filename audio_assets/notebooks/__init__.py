"""Notebooks: self-contained ones generated from the package's own source, and the App in one."""
