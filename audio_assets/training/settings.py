"""Settings of one training run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingSettings:
    """What a run learns from and how; the defaults make the shipped checkpoint.

    Attributes:
        train_folds: folds to learn from.
        validation_fold: fold to watch while training, or None; never the test fold of a published
            figure.
        width: channels of a token.
        depth: encoder blocks.
        first_hidden: inner width of the half-step net.
        second_hidden: inner width of the gated net.
        position_table: an absolute position table beside the rotary positions.
        seed: seed of weights, order, augmentation and masks.
        pretrain_epochs: passes of masked pre-training.
        pretrain_batch: clips per step of pre-training.
        pretrain_lr: peak learning rate of pre-training.
        pretrain_mask: share of patches hidden in pre-training.
        finetune_epochs: passes of fine-tuning.
        finish_epochs: passes of the second stage of fine-tuning; 0 for none.
        finish_dropout: its shares of patches left out before and at the end of the rate's decay.
        finish_decay_share: share of it in which the learning rate falls to zero.
        finish_mix_share: its share of clips that are mixtures of two.
        finetune_batch: clips per step of fine-tuning.
        finetune_lr: peak learning rate of the last block and the head.
        decay_share: share of a stage, at its end, in which the learning rate falls to zero; not
            of pre-training, whose rate stays.
        layer_decay: factor of the learning rate per block below the last.
        patch_dropout: shares of patches left out before and at the end of the rate's decay.
        drop_path: stochastic depth of the last block.
        weight_decay: AdamW's decay of matrices.
        ema_decay: decay of the averaged weights that are kept.
        contrastive_weight: weight of the supervised contrastive loss.
        descriptor_weight: weight of the regression of acoustic descriptors.
        teachers: convolutional teachers, each of a seed of its own, that are followed together.
        texture_teachers: teachers that know statistics of textures only, followed with the others.
        teacher_epochs: passes of each teacher; 0 for no teachers.
        teacher_batch: clips per step of a teacher.
        teacher_lr: peak learning rate of a teacher.
        teacher_mix_share: share of a teacher's clips that are mixtures of two.
        teacher_crop: share of each picture, in time, that a teacher sees while it learns.
        imitation_weight: weight of following the teachers' vectors.
        local_weight: weight of following the teachers' local features.
        label_smoothing: share of a label spread over all classes.
        mix_share: share of clips that are mixtures of two.
        synthetic_share: share of procedurally made sounds added to each batch.
        save_every: epochs between saved states.
        validate_every: epochs between looks at the validation fold.
        threads: threads of torch; matrix units are shared between hyper-threads, so more may not be
            faster.
        loader_processes: 1 to make batches ahead in a process of their own, 0 to make them in line.
    """

    train_folds: tuple[int, ...] = (1, 2, 3, 4)
    validation_fold: int | None = None
    width: int = 768
    depth: int = 2
    first_hidden: int = 384
    second_hidden: int = 512
    position_table: bool = False
    seed: int = 51
    pretrain_epochs: int = 10
    pretrain_batch: int = 16
    pretrain_lr: float = 3e-4
    pretrain_mask: float = 0.75
    finetune_epochs: int = 120
    finish_epochs: int = 0
    finish_dropout: tuple[float, float] = (0.3, 0.0)
    finish_decay_share: float = 0.85
    finish_mix_share: float = 0.3
    finetune_batch: int = 16
    finetune_lr: float = 3e-4
    decay_share: float = 0.6
    layer_decay: float = 1.0
    patch_dropout: tuple[float, float] = (0.4, 0.0)
    drop_path: float = 0.1
    weight_decay: float = 0.05
    ema_decay: float = 0.99
    contrastive_weight: float = 0.3
    descriptor_weight: float = 0.2
    teachers: int = 2
    texture_teachers: int = 2
    teacher_epochs: int = 300
    teacher_batch: int = 64
    teacher_lr: float = 3e-3
    teacher_mix_share: float = 1.0
    teacher_crop: float = 0.5
    imitation_weight: float = 2.0
    local_weight: float = 4.0
    label_smoothing: float = 0.05
    mix_share: float = 0.5
    synthetic_share: float = 0.0625
    save_every: int = 5
    validate_every: int = 10
    threads: int = 2
    loader_processes: int = 1
