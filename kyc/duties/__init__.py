"""What the law asks of whoever processes faces: an assessment first, a count, a filing in time (KYC-15, KYC-16)."""
