"""The operational database: batches, files, the change log, consumer offsets and claims."""
