"""Who is this person, and how sure are we."""
