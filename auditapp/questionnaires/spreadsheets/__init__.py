"""Checklists that come as spreadsheets, and questionnaires that leave as one. Pure: no database."""
