"""Rules that compare a rewrite with its comment: form, meaning, repetition."""
