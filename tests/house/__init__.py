"""Rules of the layout, each a function that takes a folder and returns a list of problems, and its tests.

Every rule is tested twice: the repository has no problem, and a small violating sample has one.
"""
