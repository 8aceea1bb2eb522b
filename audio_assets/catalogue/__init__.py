"""Single recordings over all folders: what is there, what people said of it, what was uploaded."""
