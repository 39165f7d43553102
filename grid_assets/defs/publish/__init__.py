"""The publish stage: rows of the lake that are looked up one by one become records of the operational database."""
