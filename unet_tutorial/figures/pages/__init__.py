"""HTML pages of an ``ArchIR``: one file each, with its styles, scripts and figure inside."""
