"""Frozen networks: how they are built, where their weights come from, what is read off them."""
