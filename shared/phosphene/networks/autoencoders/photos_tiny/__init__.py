"""Autoencoder of photographs and paintings."""
