"""Decides whether a language-model update may launch."""
