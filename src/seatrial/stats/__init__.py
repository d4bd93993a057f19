"""Statistics as pure functions on arrays. Nothing here knows of models, files or the rest of the house."""
