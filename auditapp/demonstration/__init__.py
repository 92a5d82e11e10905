"""The demonstration: fictional hospitals whose eighteen months are played through the product's own verbs."""
