"""What the lessons need around them: execution, normalisation, checks."""
