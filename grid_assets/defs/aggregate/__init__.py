"""The aggregation stage: verified readings become loads, balances, voltages, events and latest values."""
