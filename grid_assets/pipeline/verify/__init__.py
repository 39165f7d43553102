"""Verification: readings as received become verified readings, day by day."""
