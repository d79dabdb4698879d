"""What networks are made of; attribute names are the checkpoint format."""
