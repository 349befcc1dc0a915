"""The methods as commands, made from the same declarations as the pages."""
