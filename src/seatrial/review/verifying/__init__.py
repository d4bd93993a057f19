"""Deriving a review's decision again from its evidence, as somebody does who was not there."""
