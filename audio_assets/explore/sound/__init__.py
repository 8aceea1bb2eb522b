"""Sound of samples over HTTP: routes of ours on FiftyOne's server."""
