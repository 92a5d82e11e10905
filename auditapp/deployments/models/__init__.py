"""Which AI runs where: vendors and products, deployments, their profiles and model versions, the rules over time."""

from auditapp.deployments.models.deployment import Deployment, StatusChange, next_number, next_numbers
from auditapp.deployments.models.notice import NoticeAcknowledgement, SupplierNotice
from auditapp.deployments.models.policy import Policy
from auditapp.deployments.models.product import Product, Vendor
from auditapp.deployments.models.profile import KEEPERS, Profile, ProfileConfirmation
from auditapp.deployments.models.version import DateRange, ModelVersion

__all__ = [
    "KEEPERS",
    "DateRange",
    "Deployment",
    "ModelVersion",
    "NoticeAcknowledgement",
    "Policy",
    "Product",
    "Profile",
    "ProfileConfirmation",
    "StatusChange",
    "SupplierNotice",
    "Vendor",
    "next_number",
    "next_numbers",
]
