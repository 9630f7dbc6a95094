"""Blind reading: which of two systems do people prefer, and which rewrites are fit to show?

`systems` reads the rewrites of a system, `sheet` draws the pairs and writes the readers' files, `answers` reads the
files that they send back, `result` counts the answers, and `agreement` measures how far the readers agree.
"""
