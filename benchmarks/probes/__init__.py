"""Programs that the interpreter of a real install runs, and how they are run."""
