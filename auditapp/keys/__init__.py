"""The organisation's certificate authority and seal, and a certificate of its own for each signature."""
