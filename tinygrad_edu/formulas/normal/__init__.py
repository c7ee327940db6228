"""The normal form: sums of Hadamard monomials with exact coefficients, in which equal formulas are the same."""
