"""Variational autoencoder of drawn faces."""
