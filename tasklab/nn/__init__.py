"""MindSpore cells: the parts networks are made of. Attribute names are the checkpoint format."""
