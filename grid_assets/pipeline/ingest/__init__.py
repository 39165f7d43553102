"""From landing files to typed rows: find and land files, read each format, give every row a type or a reason."""
