"""Pictures grown from nothing: what a class, a channel or a neuron likes."""
