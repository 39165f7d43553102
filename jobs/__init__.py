"""Dagster jobs with their schedules and sensors, one file per purpose."""
