"""Finding the places in downstream code that a change of an upstream breaks: the `drift` command."""
