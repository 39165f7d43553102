"""Benchmarks: each prints ratios against a named rival on the same work in one run."""
