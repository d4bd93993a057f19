"""Files that people bring, read so that a mistake names its line."""
