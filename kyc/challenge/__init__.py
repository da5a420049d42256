"""The liveness challenge, from its random order to its decision."""
