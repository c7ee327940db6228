def fold(g,d,m): return g
