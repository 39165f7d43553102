"""The ingest stage: landing files become the catalogue, readings as received, and quarantine rows."""
