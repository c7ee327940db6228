"""The targets of the printer: what a formula looks like as text, LaTeX, MathML and NumPy."""
