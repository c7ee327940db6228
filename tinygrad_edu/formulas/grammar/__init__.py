"""The grammar: formulas as people and `derive` write them, in NumPy, Unicode and LaTeX, become expressions."""
