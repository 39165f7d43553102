"""Compute engines that run the project's SQL over planned files."""
