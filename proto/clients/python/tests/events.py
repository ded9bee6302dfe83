"""Events for the tests."""

from __future__ import annotations

import uuid

from partnership_ledger import contract, timestamp

WHEN = timestamp("2026-01-05T09:00:00Z")


def partner(name: str) -> contract.Event:
    """A partner of this name is registered; the event's id follows from the name."""
    return contract.Event(
        event_id=str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        occurred_at=WHEN,
        partner_registered=contract.PartnerRegistered(partner_id=name, display_name=name, kind=contract.PARTNER_KIND_RESELLER),
    )


def sale(lead: str) -> contract.Event:
    """A sale to this lead."""
    return contract.Event(
        event_id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"sale to {lead}")),
        occurred_at=WHEN,
        sale_recorded=contract.SaleRecorded(
            sale_id="sale-1", lead_id=lead, amount=contract.Money(currency_code="USD", minor_units=499_00)
        ),
    )
