"""Denoising autoencoder of handwritten digits: noise in, clean digits out."""
