"""Lists on their way in, model cards, bundles, webhooks."""

from auditapp.exchange.models.inventory import InventoryUpload

__all__ = ["InventoryUpload"]
