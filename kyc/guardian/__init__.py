"""A guardian agrees, or not, to what is collected of a child under 14 (KYC-02; PIPL art. 31)."""
