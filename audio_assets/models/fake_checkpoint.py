"""The checkpoint `fake`: a tiny untrained encoder, for tests of everything around a model.

It goes through the same code as a real one; its vectors are reproducible and mean nothing.
"""

from __future__ import annotations

from audio_assets.home import Home
from audio_assets.models.card import CARD_FILE, write_card
from audio_assets.settings import FAKE_CHECKPOINT

WEIGHTS = "weights.safetensors"
WIDTH, SIDE, SEED = 64, 32, 51


def ensure_fake_checkpoint(home: Home) -> None:
    """Write it into the home's checkpoints, unless it is there.

    Raises:
        StorageError: it cannot be written.
    """
    directory = home.checkpoints / FAKE_CHECKPOINT
    if (directory / CARD_FILE).is_file():
        return
    import torch

    from audio_assets.models.checkpoint_writer import write_weights
    from audio_assets.models.encoder_config import audiomaepp_config
    from audio_assets.models.proposal import propose_card
    from audio_assets.models.spectrogram_encoder import SpectrogramEncoder

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        config = audiomaepp_config(
            width=WIDTH, depth=1, first_hidden=64, second_hidden=64, side=SIDE, position_table=False
        )
        encoder = SpectrogramEncoder(config)
    directory.mkdir(parents=True, exist_ok=True)
    write_weights(encoder, directory / WEIGHTS, torch.float32)
    card = propose_card(directory / WEIGHTS).model_copy(
        update={
            "name": FAKE_CHECKPOINT,
            "licence": "CC0-1.0",
            "source": "AUDIO_ASSETS_FAKE_MODEL",
            "description": "Untrained, for tests: its vectors mean nothing.",
        }
    )
    write_card(card, directory / CARD_FILE)
