"""Telling other systems what happened: what is told, how it is signed, where it may go, when it is tried again."""
