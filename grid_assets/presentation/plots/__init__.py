"""One small plot per table: what a person wants to see first when the table was made."""
