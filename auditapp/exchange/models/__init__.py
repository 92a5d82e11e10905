"""Lists on their way in, model cards, bundles, webhooks."""

from auditapp.exchange.models.bundle import Bundle, BundleVerdict, ReleaseRule
from auditapp.exchange.models.card import ModelCard
from auditapp.exchange.models.inventory import InventoryUpload
from auditapp.exchange.models.webhook import Attempt, Delivery, Webhook, WebhookSecret

__all__ = [
    "Attempt",
    "Bundle",
    "BundleVerdict",
    "Delivery",
    "InventoryUpload",
    "ModelCard",
    "ReleaseRule",
    "Webhook",
    "WebhookSecret",
]
