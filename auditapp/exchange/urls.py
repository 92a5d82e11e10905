"""Addresses of what comes in from elsewhere and what leaves in bulk."""

from django.urls import path

from auditapp.exchange.views import bundle, card, inventory, webhook

app_name = "exchange"
urlpatterns = [
    # /deployments/inventory/: before /deployments/<ref>/
    path("deployments/inventory/", inventory.inventory, name="inventory"),
    path("deployments/inventory/<int:pk>/columns/", inventory.columns, name="inventory_columns"),
    path("deployments/inventory/<int:pk>/words/", inventory.words, name="inventory_words"),
    path("deployments/inventory/<int:pk>/rows/", inventory.rows, name="inventory_rows"),
    path("deployments/inventory/<int:pk>/to-mend/", inventory.to_mend, name="inventory_to_mend"),
    path("deployments/inventory/<int:pk>/giving-up/", inventory.giving_up, name="inventory_giving_up"),
    path("deployments/model-card/", card.cards, name="cards"),
    path("deployments/model-card/<int:pk>/", card.card, name="card"),
    path("deployments/model-card/<int:pk>/giving-up/", card.card_giving_up, name="card_giving_up"),
    path("deployments/model-card/<int:pk>/file/", card.card_file, name="card_file"),
    # /bundles/
    path("bundles/", bundle.bundles, name="bundles"),
    path("bundles/new/", bundle.asking, name="bundle_asking"),
    path("bundles/release/", bundle.release_rules, name="release_rules"),
    path("bundles/<slug:ref>/", bundle.bundle, name="bundle"),
    path("bundles/<slug:ref>/trying-again/", bundle.bundle_try, name="bundle_try"),
    path("bundles/<slug:ref>/file/", bundle.bundle_file, name="bundle_file"),
    # /webhooks/: for administrators
    path("webhooks/", webhook.webhooks, name="webhooks"),
    path("webhooks/<int:pk>/", webhook.webhook, name="webhook"),
    path("webhooks/<int:pk>/secret/", webhook.webhook_secret, name="webhook_secret"),
    path("webhooks/<int:pk>/test/", webhook.webhook_test, name="webhook_test"),
    path("webhooks/<int:pk>/pause/", webhook.webhook_pause, name="webhook_pause"),
    path("webhooks/<int:pk>/resume/", webhook.webhook_resume, name="webhook_resume"),
    path("webhooks/<int:pk>/removal/", webhook.webhook_removal, name="webhook_removal"),
    path("webhooks/<int:pk>/sending-again/", webhook.webhook_again, name="webhook_again"),
]
