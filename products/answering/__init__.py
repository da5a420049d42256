"""What the reader says back: answers to questions, and sentences made their own."""
