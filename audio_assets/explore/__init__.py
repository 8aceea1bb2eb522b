"""FiftyOne: its database, data sets, brain runs and App. No other package imports fiftyone."""
