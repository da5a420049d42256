"""Names held against dated lists: who is on one, how sure that is, and why (反洗钱法 2024 art. 40, API-21)."""
