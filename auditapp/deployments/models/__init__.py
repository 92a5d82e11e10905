"""Which AI runs where: vendors and products, deployments, their profiles and model versions."""

from auditapp.deployments.models.deployment import Deployment, StatusChange, next_number, next_numbers
from auditapp.deployments.models.intake import Intake
from auditapp.deployments.models.notice import NoticeAcknowledgement, SupplierNotice
from auditapp.deployments.models.policy import Harm, Policy, Tier
from auditapp.deployments.models.product import Product, Vendor
from auditapp.deployments.models.profile import KEEPERS, Profile, ProfileConfirmation
from auditapp.deployments.models.step import SIGNERS, StatusProposal
from auditapp.deployments.models.version import DateRange, ModelVersion, VersionEnd

__all__ = [
    "KEEPERS",
    "SIGNERS",
    "DateRange",
    "Deployment",
    "Harm",
    "Intake",
    "ModelVersion",
    "NoticeAcknowledgement",
    "Policy",
    "Product",
    "Profile",
    "ProfileConfirmation",
    "StatusChange",
    "StatusProposal",
    "SupplierNotice",
    "Tier",
    "Vendor",
    "VersionEnd",
    "next_number",
    "next_numbers",
]
