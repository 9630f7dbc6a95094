"""How good are rewrites? In several figures at once, because the screener alone does not see meaning."""
