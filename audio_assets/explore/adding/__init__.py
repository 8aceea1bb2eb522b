"""Adding recordings in the App: files arrive, land in a folder of uploads, and its run starts."""
