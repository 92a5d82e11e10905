"""Addresses of what comes in from elsewhere and what leaves in bulk."""

from django.urls import path

from auditapp.exchange.views import inventory

app_name = "exchange"
urlpatterns = [
    # /deployments/inventory/: before /deployments/<ref>/
    path("deployments/inventory/", inventory.inventory, name="inventory"),
    path("deployments/inventory/<int:pk>/columns/", inventory.columns, name="inventory_columns"),
    path("deployments/inventory/<int:pk>/words/", inventory.words, name="inventory_words"),
    path("deployments/inventory/<int:pk>/rows/", inventory.rows, name="inventory_rows"),
    path("deployments/inventory/<int:pk>/to-mend/", inventory.to_mend, name="inventory_to_mend"),
    path("deployments/inventory/<int:pk>/giving-up/", inventory.giving_up, name="inventory_giving_up"),
]
