"""Production replayed: real conversations answered anew, rates of behaviors forecast, and checked after a launch."""
