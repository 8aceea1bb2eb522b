"""Losses: reconstruction, cosine classification, supervised contrast, imitation, descriptors."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from audio_assets.models.blocks.patches import cut_patches
from audio_assets.training.batches import Batch
from audio_assets.training.settings import TrainingSettings


def reconstruction_loss(
    predicted: Tensor, images: Tensor, mask: Tensor, patch_size: tuple[int, int]
) -> Tensor:
    """Mean squared error on the hidden patches, each normalised by itself (arXiv:2111.06377).

    Args:
        predicted: float [B, N, pixels of a patch].
        images: uint8 [B, H, W].
        mask: float [B, N], 1 = hidden.
        patch_size: (height, width) of a patch in pixels.

    Returns:
        Scalar float32.
    """
    patches = cut_patches(images[:, None].float() / 255.0, patch_size)
    mean, variance = patches.mean(-1, keepdim=True), patches.var(-1, keepdim=True)
    error = (predicted.float() - (patches - mean) / (variance + 1e-4).sqrt()).square().mean(-1)
    return (error * mask).sum() / mask.sum()


class CosineClassifier(nn.Module):
    """Class scores: scaled cosines to one prototype per class (NormFace, arXiv:1704.06369)."""

    def __init__(self, width: int, classes: int, scale: float = 15.0) -> None:
        """Make the prototypes.

        Args:
            width: length of a vector.
            classes: number of classes.
            scale: factor from cosine to logit.
        """
        super().__init__()
        self.scale = scale
        self.prototypes = nn.Parameter(torch.randn(classes, width) * width**-0.5)

    def forward(self, vectors: Tensor) -> Tensor:
        """Score vectors float [B, width]; returns logits float32 [B, classes]."""
        return self.scale * functional.linear(
            functional.normalize(vectors.float(), dim=-1),
            functional.normalize(self.prototypes, dim=-1),
        )


def classification_loss(
    classifier: CosineClassifier, vectors: Tensor, batch: Batch, settings: TrainingSettings
) -> Tensor:
    """Cross-entropy on all sounds plus supervised contrast between those that are not mixtures.

    Args:
        classifier: scores the vectors.
        vectors: float [B, width].
        batch: the batch that they belong to.
        settings: weights of the losses.

    Returns:
        Scalar float32.
    """
    scores = classifier(vectors)
    loss = functional.cross_entropy(scores, batch.labels, label_smoothing=settings.label_smoothing)
    pure, classes = vectors[batch.pure], batch.labels[batch.pure].argmax(dim=1)
    return loss + settings.contrastive_weight * contrastive_loss(pure, classes)


def imitation_loss(
    imitated: Tensor, vectors: Tensor, target: Tensor, temperature: float = 0.1
) -> Tensor:
    """Follow a teacher: point where its vectors point, and rank the batch's neighbours as it does.

    The second part compares the softmax over cosines to the other sounds of the batch (as in SEED,
    Fang et al. 2021, arXiv:2101.04731).

    Args:
        imitated: the student's guess of the teacher's vectors, float [B, teacher width].
        vectors: the student's own vectors, float [B, width].
        target: the teacher's vectors, float [B, teacher width].
        temperature: divisor of the cosines.

    Returns:
        Scalar float32.
    """
    direction = 1.0 - functional.cosine_similarity(imitated.float(), target, dim=-1).mean()
    itself = torch.eye(len(target), dtype=torch.bool, device=target.device)
    ranks = []
    for batch_vectors in (vectors.float(), target):
        normal = functional.normalize(batch_vectors, dim=-1)
        scores = (normal @ normal.T / temperature).masked_fill(itself, -1e9)
        ranks.append(scores.log_softmax(dim=1))
    return direction + functional.kl_div(ranks[0], ranks[1], reduction="batchmean", log_target=True)


def local_imitation_loss(
    imitated: Tensor, maps: Tensor, kept: Tensor, grid: tuple[int, int]
) -> Tensor:
    """Follow a teacher's local features, patch by patch (as in FitNets, arXiv:1412.6550).

    Args:
        imitated: the student's guess at each kept patch, float [B, K, teacher width].
        maps: the teacher's features, float [B, teacher width, h, w]; each channel is standardised
            over the batch.
        kept: grid index of each kept patch, int64 [B, K].
        grid: (rows, columns) of the student's patches.

    Returns:
        Scalar float32.
    """
    deviation, mean = torch.std_mean(maps, dim=(0, 2, 3), keepdim=True)
    target = functional.interpolate((maps - mean) / (deviation + 1e-4), size=grid, mode="bilinear")
    target = target.flatten(2).transpose(1, 2)
    chosen = target.gather(1, kept[..., None].expand(-1, -1, target.shape[-1]))
    return functional.smooth_l1_loss(imitated.float(), chosen)


def contrastive_loss(vectors: Tensor, classes: Tensor, temperature: float = 0.1) -> Tensor:
    """Supervised contrastive loss (Khosla et al. 2020, arXiv:2004.11362).

    Args:
        vectors: float [B, width].
        classes: int64 [B].
        temperature: divisor of the cosines.

    Returns:
        Scalar float32; 0 when no two vectors share a class.
    """
    normal = functional.normalize(vectors.float(), dim=-1)
    itself = torch.eye(len(normal), dtype=torch.bool, device=normal.device)
    scores = (normal @ normal.T / temperature).masked_fill(itself, -1e9)
    log_share = scores - scores.logsumexp(dim=1, keepdim=True)
    same = (classes[:, None] == classes[None, :]) & ~itself
    positives = same.sum(dim=1)
    per_anchor = -(log_share * same).sum(dim=1) / positives.clamp(min=1)
    return per_anchor[positives > 0].mean() if bool((positives > 0).any()) else scores.sum() * 0.0


def descriptors(images: Tensor) -> Tensor:
    """Describe spectrograms: level and movement of each band, and the rhythm of the whole.

    Args:
        images: uint8 [B, H, W], H a multiple of 28.

    Returns:
        float32 [B, 84]: mean of 28 bands, deviation over time of 28 bands, modulation spectrum
        (bins 1..28).
    """
    levels = images.float() / 255.0
    bands = levels.unflatten(1, (28, -1)).mean(dim=2)
    rhythm = torch.fft.rfft(levels.mean(dim=1), dim=-1).abs()[:, 1:29]
    return torch.cat([bands.mean(-1), bands.std(-1), torch.log(rhythm + 0.1)], dim=1)
