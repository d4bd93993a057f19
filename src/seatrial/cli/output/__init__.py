"""What the commands print for a person, one module a group of commands."""
