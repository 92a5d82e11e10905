"""What comes in from elsewhere and what leaves in bulk: inventories, model cards, readiness bundles, webhooks."""
