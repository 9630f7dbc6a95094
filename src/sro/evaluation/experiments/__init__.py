"""The paper's claims as commands: the peer table, the perturbation sweep, the ablation."""
