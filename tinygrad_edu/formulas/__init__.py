"""Formulas: terms in normal form, expressions that rules run on, and what writes them."""
