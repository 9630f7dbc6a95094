"""The start of the game: teach a language model to rewrite from unpaired comments."""
