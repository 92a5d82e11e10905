"""Long searches for faults against the product's real processes."""
