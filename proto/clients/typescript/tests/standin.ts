// A server that answers every call with one status: what followers and servers that are away say, as the contract has it.

import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { ConnectError } from "@connectrpc/connect";
import type { Code } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { contract } from "../src/index.js";
import { ErrorInfoSchema } from "../src/generated/google/rpc/error_details_pb.js";

export interface StandIn {
  readonly address: string;
  /** The names of the methods that were called. */
  readonly calls: string[];
  /** What its refusals say beside the reason; may be changed. */
  readonly metadata: Record<string, string>;
}

/** Does something with a server that refuses all. */
export async function refusing(code: Code, reason: string, use: (server: StandIn) => Promise<void>): Promise<void> {
  const calls: string[] = [];
  const metadata: Record<string, string> = {};
  const refuse = (name: string) => (): never => {
    calls.push(name);
    const detail = { desc: ErrorInfoSchema, value: { reason, domain: "partnership-ledger", metadata } };
    throw new ConnectError("refused", code, undefined, [detail]);
  };
  const handler = connectNodeAdapter({
    routes: (router) => {
      router.service(contract.LedgerService, { append: refuse("Append") });
      router.service(contract.PartnershipService, { getBalance: refuse("GetBalance") });
      router.service(contract.AuditService, {
        subscribe: async function* () {
          refuse("Subscribe")();
        },
      });
      router.service(contract.WebhookService, { addWebhook: refuse("AddWebhook") });
    },
  });
  const server = createServer(handler);
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => sessions.add(session));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await use({ address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls, metadata });
  } finally {
    sessions.forEach((session) => session.destroy());
    server.close();
  }
}
