"""One HTML page of a run, an evaluation or an experiment."""
