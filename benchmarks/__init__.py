"""Measurements: error rates, efficiency, throughput. `make bench` writes docs/measurements.md."""
