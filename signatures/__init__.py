"""Reading upstream releases without importing them, and their history."""
