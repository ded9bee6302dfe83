// A client of the partnership ledger. Begin with `LedgerClient`; messages are in `contract`.

export { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
export { Code } from "@connectrpc/connect";
export { LedgerClient } from "./client.js";
export type { AppendOptions, ClientOptions } from "./client.js";
export * as contract from "./contract.js";
export {
  LedgerError,
  Malformed,
  Overloaded,
  PermissionDenied,
  Rejected,
  Unauthenticated,
  Unavailable,
  UnknownId,
  errorOfAppend,
} from "./errors.js";
export type { Violation } from "./errors.js";
export { Subscription } from "./subscription.js";
export type { SubscribeOptions } from "./subscription.js";
