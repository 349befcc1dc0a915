"""Variational autoencoder of handwritten digits."""
