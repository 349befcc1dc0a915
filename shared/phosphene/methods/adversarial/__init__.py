"""Adversarial pictures: a small change, another answer (arXiv 1312.6199)."""
