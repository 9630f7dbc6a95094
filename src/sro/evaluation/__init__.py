"""Measure how good rewrites are. There are several figures, because the screener alone does not see meaning."""
