// Events for the tests.

import { createHash } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { contract, timestampFromDate } from "../src/index.js";

export type Event = MessageInitShape<typeof contract.EventSchema>;

export const WHEN = timestampFromDate(new Date("2026-01-05T09:00:00Z"));

/** An id that follows from a name: a UUID of version 5 in form. */
function idOf(name: string): string {
  const hex = createHash("sha1").update(name).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
}

/** A partner of this name is registered. */
export function partner(name: string): Event & { eventId: string } {
  return {
    eventId: idOf(name),
    occurredAt: WHEN,
    body: {
      case: "partnerRegistered",
      value: { partnerId: name, displayName: name, kind: contract.PartnerKind.RESELLER },
    },
  };
}

/** A sale to this lead. */
export function sale(leadId: string): Event {
  return {
    eventId: idOf(`sale to ${leadId}`),
    occurredAt: WHEN,
    body: { case: "saleRecorded", value: { saleId: "sale-1", leadId, amount: { currencyCode: "USD", minorUnits: 49900n } } },
  };
}
