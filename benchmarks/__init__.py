"""Benchmarks, run as ``python -m benchmarks.NAME``.

The speed benchmarks first check that our result equals the usual one, then print the ratio of the times. The training
comparisons (isbi, norm_order, ovules, touching) print tables of scores.
"""
