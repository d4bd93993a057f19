"""Worlds that no bound was chosen on, whose true harm is known: how often a decision is wrong in each."""
