"""Search: what is in each index, what a search may ask and answers. Engines are in resources/clients/search."""
