"""The leader (the policy LM): load it, score token log-probabilities, generate completions on an engine."""
