"""A local server that speaks the Hub's protocol, and the real client against it."""
