"""Generator of the shipped real input: SimBench profiles made into what meters deliver, with seeded faults."""
