"""The leader (the policy LM): load it, score token log-probabilities, generate rewrites on an engine."""
