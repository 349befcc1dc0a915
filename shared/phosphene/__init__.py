"""See what a neural network sees."""
