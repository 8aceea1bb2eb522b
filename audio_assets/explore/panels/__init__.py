"""Panels of the App, one per file; `plugin/registered.py` names them."""
