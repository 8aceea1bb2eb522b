"""The classification head of a fine-tuned encoder."""

from __future__ import annotations

from torch import Tensor, nn

from audio_assets.models.encoder_config import EncoderConfig


class ClassifierHead(nn.Module):
    """Pooling, an optional layer norm and one linear layer.

    Fine-tuned AudioMAE: norm of the patches' mean ("fc_norm"), whose result is also the model's
    embedding. The classifier of the 224-pixel AudioMAE++: norm of the CLS token.
    """

    def __init__(self, config: EncoderConfig) -> None:
        """Make the head that ``config`` describes."""
        super().__init__()
        self.pooling = config.head_pooling
        self.norm = (
            nn.LayerNorm(config.width, eps=config.norm_eps) if config.head_norm else nn.Identity()
        )
        self.linear = nn.Linear(config.width, config.classes) if config.classes else None

    def embed(self, tokens: Tensor) -> Tensor:
        """Return the normalised pooled vector that the linear layer reads.

        Args:
            tokens: float [B, 1 + N, D], CLS first.

        Returns:
            float [B, D].
        """
        pooled = tokens[:, 0] if self.pooling == "cls" else tokens[:, 1:].mean(dim=1)
        return self.norm(pooled)

    def forward(self, tokens: Tensor) -> Tensor:
        """Classify.

        Args:
            tokens: float [B, 1 + N, D], CLS first.

        Returns:
            Logits, float [B, classes].

        Raises:
            ValueError: when the checkpoint has a pooling norm but no classifier.
        """
        if self.linear is None:
            raise ValueError("the head has no classifier")
        return self.linear(self.embed(tokens))
