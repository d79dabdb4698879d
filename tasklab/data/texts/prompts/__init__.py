"""Prompts: patterns with a mask around a text, and the words that tell labels there (PET, Schick and Schütze 2021)."""
