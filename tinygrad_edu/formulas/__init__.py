"""Formulas: one expression, whether it was derived or typed; what it is made of, and what writes and reads it."""
