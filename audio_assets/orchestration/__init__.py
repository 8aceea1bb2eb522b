"""Everything that knows Dagster: partitions, assets, checks, sensors, automation, the runner."""
