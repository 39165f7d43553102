"""Search: the interface of versioned indices and its backends."""
