"""The search stages: what changed is indexed, and whole indices are built anew beside the live ones."""
