"""Vendors and what they supply, as one organisation knows them."""

from typing import Self

from django.db import models

from auditapp.accounts.models import Organisation, User
from auditapp.text import clean


class Vendor(models.Model):
    """A supplier, as one organisation knows it."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="vendors")
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="a_vendor_is_entered_once")]

    def __str__(self) -> str:
        return self.name


class ProductQuerySet(models.QuerySet["Product"]):
    def visible_to(self, user: User) -> Self:
        """The products that the person's organisation knows."""
        return self.filter(organisation_id=user.organisation_id)


class Product(models.Model):
    """What a vendor supplies, or the hospital builds itself."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="products")
    vendor = models.ForeignKey(Vendor, models.PROTECT, related_name="products")
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, default="")
    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["vendor", "name"], name="a_product_is_entered_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def trail_stream(self) -> str:
        return f"product:{self.pk}"

    @classmethod
    def named(cls, name: str, *, vendor: str, organisation: Organisation, description: str = "") -> "Product":
        """The organisation's product of this name by this vendor, entered if it was not known yet.

        Upper and lower case do not make another vendor or product.
        """
        name, vendor = clean(name), clean(vendor)
        supplier = Vendor.objects.filter(organisation=organisation, name__iexact=vendor).first()
        if supplier is None:
            supplier, _new = Vendor.objects.get_or_create(organisation=organisation, name=vendor)
        product = supplier.products.filter(name__iexact=name).first()
        if product is None:
            about = {"organisation": organisation, "description": clean(description)}
            product, _new = supplier.products.get_or_create(name=name, defaults=about)
        return product
