"""Tags that runs carry: what a run is for, and what woke it."""

PURPOSE = "grid/purpose"
"""One run per purpose at a time; the instance's tag limit says so."""
WAKE = "grid/wake"
"""What woke a run: runs with the same value are tries at the same thing."""
