"""Saliency: which pixels made the network say so (arXiv 1312.6034)."""
