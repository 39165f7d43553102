"""Assets and checks, autoloaded: every module named `assets` or `checks` below here, one folder per stage.

What a step does when it runs stands beside them in `step.py`, which is imported by the run and not by the definitions.
"""
