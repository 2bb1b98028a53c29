"""Tools for the lessons: executes and normalises notebooks, checks answers, and defines the exercises."""
