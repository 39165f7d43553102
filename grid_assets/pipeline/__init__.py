"""The stages as plain functions over clients; they know no orchestrator."""
