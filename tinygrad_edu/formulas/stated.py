"""Throw-away."""
from ..operations.facts import ops
from .expr import *
def stated(operation, operands, params, shape):
    a=list(operands)
    def isn(x): return x.operation is NUMBER
    if operation is ops.matmul: return dot(*a)
    if operation is ops.add: return added((a[0],1),(a[1],1),shape=shape)
    if operation is ops.subtract: return added((a[0],1),(a[1],-1),shape=shape)
    if operation is ops.multiply:
        if isn(a[1]): a=a[::-1]
        return scaled([a[0]],a[1]) if isn(a[0]) else multiplied([(a[0],1),(a[1],1)],shape)
    if operation is ops.divide and isn(a[1]): return Expr(FRACTION,(a[0],a[1]))
    if operation is ops.power: return power(a[0],a[1],shape)
    if operation is ops.transpose: return transposed(a[0])
    return Expr(operation,tuple(a),{k:v for k,v in params.items() if v not in (None,False)},shape)
