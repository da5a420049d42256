"""The benchmarks `make bench` runs: each prints what this machine did, beside the floor that the machine itself sets."""
