"""Replacing attributes of other libraries so that they can be put back, now or when a library is imported.

Knows which hooks there are and when they are installed; what a replaced function does is the hook's own business.
"""
