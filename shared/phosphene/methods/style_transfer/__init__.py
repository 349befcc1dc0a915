"""Paintings and textures by statistics of activations (arXiv 1508.06576)."""
