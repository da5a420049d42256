"""What there is to read, and the few pages of it that are made from the code."""
