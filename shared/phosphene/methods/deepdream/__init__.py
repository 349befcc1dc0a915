"""Pictures that dream (Mordvintsev et al. 2015)."""
