"""Quality gates judged by Great Expectations over engine-computed metrics."""
