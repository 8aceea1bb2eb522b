"""The conformance suite: what a plug-in must keep to, as tests to run on one's own class.

`pytest --pyargs audio_assets.conformance` runs it on everything registered, or on one plug-in with
`AUDIO_ASSETS_PLUGIN=transforms:my_transform`. `audio-assets plugins test transforms:my_transform`
writes a test file for a package's own suite, by subclassing the contracts of this package.
"""
