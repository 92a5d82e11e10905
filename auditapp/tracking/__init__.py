"""Over time: portfolio, deployment page, my work, timeline, comparison, schedule; reads all rooms below."""
