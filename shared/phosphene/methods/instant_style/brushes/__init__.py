"""Brushes that come along."""
