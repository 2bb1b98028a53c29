"""Everything around the lessons: executing and normalising notebooks, checking answers, the exercises."""
