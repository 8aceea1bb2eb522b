"""Exports of a folder, or of any selection of its windows, in formats that other programs open."""
