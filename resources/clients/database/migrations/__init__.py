"""The operational database's schema, step by step; `migrate` runs the steps, alembic keeps count of them."""
