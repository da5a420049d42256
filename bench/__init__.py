"""The benchmarks `make bench` runs: what this machine did, beside the floor that the machine itself sets."""
