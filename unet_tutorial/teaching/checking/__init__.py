"""Checks of a student's answers, with hints, and the student's progress."""
