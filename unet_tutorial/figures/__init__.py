"""Diagrams and summaries read from a model: front-ends -> ArchIR -> analyses -> layout -> back-ends."""
