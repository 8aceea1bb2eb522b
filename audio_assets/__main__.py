"""`python -m audio_assets` is the command `audio-assets`."""

from audio_assets.cli import main

if __name__ == "__main__":
    main()
