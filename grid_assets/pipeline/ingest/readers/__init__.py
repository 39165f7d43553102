"""One reader per landing format; each binds its files to one relation of one shape, without a loop per reading."""
