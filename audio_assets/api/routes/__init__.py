"""One router per part of the API; each file owns its requests and responses."""
