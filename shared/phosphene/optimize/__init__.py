"""The loop that changes a canvas until a loss is low, and everything that a loss is made of."""
