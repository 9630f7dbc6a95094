"""The start of the game: teach a language model to paraphrase from unpaired comments."""
