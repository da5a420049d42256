"""What was shown, agreed and signed."""
