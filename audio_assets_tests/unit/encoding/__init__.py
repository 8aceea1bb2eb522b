"""Tests of audio_assets.encoding."""
