"""The call paths, one file for each kind of library; a name that begins with an underscore holds none."""
