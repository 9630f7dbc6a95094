"""The game: SRO training of a leader against a follower."""
