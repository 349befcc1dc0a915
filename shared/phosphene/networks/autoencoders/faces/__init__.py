"""A thousand faces that this project drew from random numbers: the last 200 were not trained on."""
