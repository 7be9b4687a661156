"""What useful output costs: pure functions over numbers or arrays of draws, in USD.

Training and inference have functions of their own: their figures never share a unit.
"""
