"""Measurements: what the project is held to, beside what a user would pick instead, in one run."""
