"""The follower (the classifier): everything that answers a text with pass or fail."""
