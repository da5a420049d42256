"""The single source of truth: events, the chain that holds them, the proofs over it. Imports nothing else of ours."""
