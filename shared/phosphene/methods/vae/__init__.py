"""Latent spaces: what an autoencoder makes of pictures, and of the places between them."""
