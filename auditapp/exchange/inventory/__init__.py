"""Reads a list of AI tools that a hospital kept elsewhere: its columns, its words, its rows."""
