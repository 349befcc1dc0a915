"""The embedded autoencoders, trained: `python -m phosphene.training digits`."""
