"""Seeded faults: pure functions from a case (readings and log) to a changed case, one per kind of fault."""
