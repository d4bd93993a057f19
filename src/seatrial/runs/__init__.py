"""Runs of evaluations that other tools recorded: read, paired, and told what they support."""
