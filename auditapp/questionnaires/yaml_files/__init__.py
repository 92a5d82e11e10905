"""One file, one questionnaire version: written to be read by people, read back exactly. Pure: no database."""
