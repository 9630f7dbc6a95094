"""Blind reading: which of two systems do people prefer, and what would they show?

`systems` reads the rewrites of a system, `sheet` draws the pairs and writes what readers get, `answers` reads what
they send back, `result` counts it and `agreement` says how far the readers agree.
"""
