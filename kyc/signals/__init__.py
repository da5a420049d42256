"""Fraud signals: what an act was done with, held against versioned rules; a person decides about doubts (API-12)."""
