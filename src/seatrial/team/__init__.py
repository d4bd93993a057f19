"""The team's page: what was decided and released, what came of it, and what waits for a person's word."""
