"""Measures of what people wait for, each beside the least that the same machine needs in the same minute."""
