"""Labelled IQ made of formulas: for tests with closed-form answers, and to train on."""
