"""Painting in one pass: the answer to the minutes that an optimized painting takes.

`instant` paints a picture (`styles` reads what is to be painted with), `paint_video` in `films`
clips and cameras, `teach` makes a brush of a painting. The networks are below, in
`networks.stylizer`, `networks.any_style` and `networks.brush`.
"""
