"""Lessons as notebook files: executes and normalises them, shows figures, asks for guesses, makes exercises."""
