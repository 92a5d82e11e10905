"""One examination of one deployment: its answers, their evidence, review and submission."""
