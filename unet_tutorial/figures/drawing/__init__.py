"""Drawings of an ``ArchIR``. ``layout`` runs the steps from 1 to 5.

1. ``sketch``: the boxes, the arrows between them and the blocks beside the path, without coordinates.
2. ``frame``: the row, the texts and the size of each box, in a given font size.
3. ``columns`` and ``heights``: x and y of the boxes.
4. ``routes``: the arrows with their marks and crop labels.
5. ``scene``: everything with its coordinates; ``legend`` adds the legend.
6. ``render``, ``tikz``, ``pptx`` and ``drawio``: the scene as SVG, PDF, PNG, TikZ, a slide or a draw.io file.

For a network that is not a plain U-Net, ``grid_sketch`` and ``grid`` replace steps 1 to 4; ``curves`` holds their
arrows. ``annotations`` and ``language`` change texts, colours and the selection of maps. ``style`` and ``palette``
hold lengths and colours. Lengths are in points; those "in font sizes" are multiples of the font size.
"""
