"""Training: masked pre-training, supervised fine-tuning and the evaluation of the default checkpoint."""
