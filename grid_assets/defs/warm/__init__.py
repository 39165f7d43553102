"""The warm stage: the newest days and the latest values stand ready in the cache."""
