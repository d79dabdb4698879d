"""Files as people have them: text, tables, Arrow; columns and splits found; bad rows collected; answers written."""
