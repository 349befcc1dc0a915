"""Photographs that a brush learns on."""
