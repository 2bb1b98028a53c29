"""Names the faults of data and of finished runs, each with its evidence and its cure."""
