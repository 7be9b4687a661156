"""Region groups of cloud regions, by which residency rules decide."""

from __future__ import annotations

import re

UNSPECIFIED = "unspecified"
_GROUPS = (
    # London is outside the EU: its own group, whatever the provider's prefix says.
    ("gb", r"^(eu-west-2$|europe-west2|uksouth|ukwest|uk-)"),
    ("ch", r"^(eu-central-2$|europe-west6|switzerland)"),
    (
        "eu",
        r"^(eu-|eu[a-z]*[0-9]|europe-|westeurope|northeurope|france|germany|swedencentral|italy|poland|spain)",
    ),
    ("us", r"^(us-|us[a-z]|eastus|westus|centralus|northcentralus|southcentralus|westcentralus)"),
    ("ca", r"^(ca-|canada|northamerica-northeast)"),
    ("ap", r"^(ap-|asia-|japan|korea|southeastasia|eastasia|centralindia|southindia|australia)"),
    ("sa", r"^(sa-|southamerica|brazil)"),
    ("me", r"^(me-|il-|uae|qatar|israel)"),
    ("af", r"^(af-|africa|southafrica)"),
)


def residency_of(region: str) -> str:
    """The region group (eu, gb, ch, us, ap, ca, sa, me, af) of a provider's region name.

    `unspecified` when the region is empty or unknown: it satisfies no residency rule.
    """
    name = region.strip().lower()
    for group, pattern in _GROUPS:
        if re.match(pattern, name):
            return group
    return UNSPECIFIED
