"""Places of recordings that a data set's own table does not give."""
