"""Classifiers that are a LoRA adapter with a head on the embedded leader."""
