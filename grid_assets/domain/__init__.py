"""Pure meaning: no orchestrator, no files, no network, no environment, no clock."""
