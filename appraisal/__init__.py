"""Appraisal: schemes, cycles, grading and incentives."""
