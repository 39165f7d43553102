"""Settings, clients and the published calls: everything that reaches a file, a database or a server."""
