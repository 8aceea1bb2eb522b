"""The FiftyOne plugin of this package: its parts, and how it gets into the App."""
