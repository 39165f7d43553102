"""Events, one module per kind; `registry.py` lists them and `table.py` joins them into the table of events."""
