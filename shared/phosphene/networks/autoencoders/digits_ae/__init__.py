"""Plain autoencoder of handwritten digits: the VAE without its noise and its prior."""
