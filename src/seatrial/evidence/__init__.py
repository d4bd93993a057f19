"""Evidence from elsewhere: each folder hands over a file of observations that a policy lists under `evidence:`."""
