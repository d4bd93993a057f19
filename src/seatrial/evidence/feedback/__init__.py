"""Thumbs and A/B logs, read with their biases: who was assigned, who voted, and whether what is liked is of benefit."""
