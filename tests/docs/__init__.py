"""Writers of the reference pages that follow from the code; `python -m tests.docs.build` writes them all."""
