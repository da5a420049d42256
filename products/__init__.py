"""What is sold, in which exact words: definitions, formulas, rendering, and the reading that a case can prove."""
