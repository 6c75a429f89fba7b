"""An empty module, whose import is what every import costs at least."""
