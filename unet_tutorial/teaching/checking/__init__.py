"""Checks a student's answers, explains mistakes, and records progress."""
