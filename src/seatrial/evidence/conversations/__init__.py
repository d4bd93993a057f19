"""Conversations of simulated users with both models, turn by turn, and what each comes to."""
