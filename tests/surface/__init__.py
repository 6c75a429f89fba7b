"""Every way in which a Python service looks a name up: one small program for each, run with the real library.

`python -m tests.surface` runs them; `paths.py` says what one is, `libraries/` has them.
"""
