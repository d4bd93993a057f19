"""People grade a part of a review's answers, chosen so that few readings say much, and their labels go to its gates."""
