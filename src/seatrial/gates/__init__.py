"""A gate from first to last: what it asks, what its evidence shows, what is decided, what it could see."""
