"""Validation, estimation and editing: rules with stable ids, estimation methods, verdicts."""
