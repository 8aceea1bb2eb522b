"""The map: places of windows, regions of it as queries, and a coastline that needs no network."""
