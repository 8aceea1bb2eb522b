"""Tests of audio_assets.analysis."""
