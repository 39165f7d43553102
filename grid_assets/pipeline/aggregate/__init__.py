"""Aggregation: verified readings of whole days made into loads, balances, voltages, events and latest values."""
