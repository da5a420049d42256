"""How it was read: pages, terms, reading aloud, pace and return, and the trail that all of it leaves."""
