"""ORC files without a JVM: written and read by pyarrow, with footers, statistics and bloom filters read here."""
