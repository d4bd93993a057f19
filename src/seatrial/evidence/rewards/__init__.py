"""The reward mix: what adding a signal does to each behavior, before a model is trained on it and after."""
