"""Short documents made from the clauses: an IPID and a KID for other markets, which fail when they grow too long."""
