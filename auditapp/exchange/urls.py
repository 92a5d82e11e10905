"""Addresses of what comes in from elsewhere and what leaves in bulk."""

from django.urls import path

from auditapp.exchange.views import bundle, inventory

app_name = "exchange"
urlpatterns = [
    # /deployments/inventory/: before /deployments/<ref>/
    path("deployments/inventory/", inventory.inventory, name="inventory"),
    path("deployments/inventory/<int:pk>/columns/", inventory.columns, name="inventory_columns"),
    path("deployments/inventory/<int:pk>/words/", inventory.words, name="inventory_words"),
    path("deployments/inventory/<int:pk>/rows/", inventory.rows, name="inventory_rows"),
    path("deployments/inventory/<int:pk>/to-mend/", inventory.to_mend, name="inventory_to_mend"),
    path("deployments/inventory/<int:pk>/giving-up/", inventory.giving_up, name="inventory_giving_up"),
    # /bundles/
    path("bundles/", bundle.bundles, name="bundles"),
    path("bundles/new/", bundle.asking, name="bundle_asking"),
    path("bundles/release/", bundle.release_rules, name="release_rules"),
    path("bundles/<slug:ref>/", bundle.bundle, name="bundle"),
    path("bundles/<slug:ref>/trying-again/", bundle.bundle_try, name="bundle_try"),
    path("bundles/<slug:ref>/file/", bundle.bundle_file, name="bundle_file"),
]
