"""The encoding function on Ray Data: jobs, tasks, actors and the engine that joins them."""
