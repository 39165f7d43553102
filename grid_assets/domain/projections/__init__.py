"""Projections of the table registry into the type systems of engines, one module each."""
