"""Other libraries' own tests as witnesses: each ends with steadydns as it does without.

`python -m tests.suites` runs them and compares, test by test; `libraries.py` says which tests of which libraries.
"""
