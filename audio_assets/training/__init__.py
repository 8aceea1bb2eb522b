"""Training: masked pre-training, fine-tuning and evaluation of the default checkpoint."""
