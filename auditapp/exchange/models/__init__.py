"""Lists on their way in, model cards, bundles, webhooks."""

from auditapp.exchange.models.bundle import Bundle, BundleVerdict, ReleaseRule
from auditapp.exchange.models.inventory import InventoryUpload

__all__ = ["Bundle", "BundleVerdict", "InventoryUpload", "ReleaseRule"]
