"""The cache: its interface and the backends that keep its promises."""
