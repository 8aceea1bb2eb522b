"""Everything that knows Dagster: partitions, assets, checks, IO managers, sensors, automation, the runner."""
