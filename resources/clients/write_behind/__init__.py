"""Write-behind: the durable queue's interface, its backends, and the worker."""
