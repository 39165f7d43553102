"""Tests, and the generator of the shipped input."""
