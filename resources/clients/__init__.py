"""Plain clients, one package or module per outside part; none of them knows Dagster."""
