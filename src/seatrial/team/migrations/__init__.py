"""How the team's tables came to be what they are: one numbered module a change, run in their order, once each."""
