"""One file per kind of attack; each yields frames with the pictures behind them."""
