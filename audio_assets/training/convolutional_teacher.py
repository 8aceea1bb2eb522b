"""A convolutional teacher: a small net, quick to train, that guides the transformer."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from audio_assets.training.losses import CosineClassifier

WIDTHS = (24, 48, 96, 192)


class ConvolutionalTeacher(nn.Module):
    """Plain convolutions over a half-size spectrogram, pooled over frequency, then time.

    The pooling is that of PANNs (Kong et al. 2019, arXiv:1912.10211).
    """

    def __init__(self, classes: int) -> None:
        """Make the net.

        Args:
            classes: real and synthetic classes.
        """
        super().__init__()
        channels = WIDTHS[0]
        layers: list[nn.Module] = [_convolution(1, channels, size=5, stride=2)]
        for width in WIDTHS[1:]:
            layers += [_convolution(channels, width), _convolution(width, width), nn.AvgPool2d(2)]
            channels = width
        body = nn.Sequential(*layers)
        self.body = body.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.project = nn.Linear(channels, channels)
        self.classifier = CosineClassifier(channels, classes)

    def maps(self, images: Tensor) -> Tensor:
        """Turn pictures uint8 [B, H, W] into local features float32 [B, 192, H / 32, W / 32]."""
        levels = functional.avg_pool2d(images[:, None].float() / 255.0, 2) * 2.0 - 0.5
        return self.body(levels.contiguous(memory_format=torch.channels_last)).float()

    def pool(self, maps: Tensor) -> Tensor:
        """Turn local features into one vector per picture, float32 [B, 192]."""
        over_time = maps.mean(dim=2)
        return self.project(over_time.amax(dim=2) + over_time.mean(dim=2)).float()

    def embed(self, images: Tensor) -> Tensor:
        """Turn pictures uint8 [B, H, W] into vectors float32 [B, 192]."""
        return self.pool(self.maps(images))

    def forward(self, images: Tensor) -> Tensor:
        """Score pictures uint8 [B, H, W]; returns logits float32 [B, classes]."""
        return self.classifier(self.embed(images))


def _convolution(channels: int, width: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(channels, width, size, stride, size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(width), nn.ReLU(inplace=True))
