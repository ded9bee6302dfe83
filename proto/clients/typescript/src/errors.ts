// What a call can fail with: the ledger's refusals with reason and particulars, or that it could not be reached.

import type { Duration } from "@bufbuild/protobuf/wkt";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./generated/google/rpc/error_details_pb.js";
import type { AppendError } from "./generated/partnership/ledger/v1/ledger_service_pb.js";

/** The domain of the ledger's own ErrorInfo; an error without one comes of the connection or of something on the way. */
const DOMAIN = "partnership-ledger";

/** A bad field of a request. */
export interface Violation {
  /** Its path: `events[3].sale_recorded.amount.currency_code`. */
  readonly field: string;
  /** What is wrong with it, for a person to read. */
  readonly description: string;
}

/** What an error says beside its code. */
interface Particulars {
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly Violation[];
  readonly retryAfterMs: number | undefined;
}

/** A call failed. The subclasses say what that means for the caller. */
export class LedgerError extends Error {
  /** The gRPC status code. */
  readonly code: Code;
  /** The rule that refused, or why the ledger cannot answer: `EXCEEDS_PAYABLE`, `MALFORMED`, `OVERLOADED`. Empty if the error is not
   * the ledger's own. */
  readonly reason: string;
  /** The particulars by name, as the rule gives them. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Every bad field, if the request is malformed. */
  readonly violations: readonly Violation[];
  /** Milliseconds after which to try again, if the ledger says so. */
  readonly retryAfterMs: number | undefined;

  constructor(code: Code, message: string, particulars: Partial<Particulars> = {}, cause?: unknown) {
    super(`${particulars.reason || Code[code]}: ${message}`, { cause });
    this.name = new.target.name;
    this.code = code;
    this.reason = particulars.reason ?? "";
    this.metadata = particulars.metadata ?? {};
    this.violations = particulars.violations ?? [];
    this.retryAfterMs = particulars.retryAfterMs;
  }

  /** Which event of the request was refused, from 0; undefined if it was not one alone. */
  get eventIndex(): number | undefined {
    const index = this.metadata["event_index"];
    return index === undefined ? undefined : Number(index);
  }
}

/** The ledger decided against the request, and nothing of it was recorded. Sent again it will be refused again, until something else
 * has changed: an agreement signed, a commission become payable. */
export class Rejected extends LedgerError {}

/** Fields of the request are bad or it is too large: `violations` names every one. */
export class Malformed extends Rejected {}

/** The request names an id that the ledger does not know, or that is not the caller's to see. */
export class UnknownId extends Rejected {}

/** The ledger does not know who calls: `metadata.kind` says why. */
export class Unauthenticated extends LedgerError {}

/** The caller is known and may not do that: `metadata.missing` says what it lacks. */
export class PermissionDenied extends LedgerError {}

/** The ledger has no room for the request, or the caller has reached its own limit, and both stayed so for as long as was tried. */
export class Overloaded extends LedgerError {}

/** No answer of the ledger came within the time that was given. Whether an append was recorded is not known: send the same events with the same
 * ids again, and they are recorded once. */
export class Unavailable extends LedgerError {}

const CLASSES: Partial<Record<Code, typeof LedgerError>> = {
  [Code.InvalidArgument]: Malformed,
  [Code.OutOfRange]: Malformed,
  [Code.NotFound]: UnknownId,
  [Code.AlreadyExists]: Rejected,
  [Code.FailedPrecondition]: Rejected,
  [Code.Aborted]: Rejected,
  [Code.Unauthenticated]: Unauthenticated,
  [Code.PermissionDenied]: PermissionDenied,
  [Code.ResourceExhausted]: Overloaded,
  [Code.Unavailable]: Unavailable,
  [Code.DeadlineExceeded]: Unavailable,
};

/** Codes that a connection which fails or is cut can end in, if the ledger itself has not given them. */
const CUT: ReadonlySet<Code> = new Set([Code.Unknown, Code.Internal, Code.Aborted, Code.DataLoss]);

function milliseconds(delay: Duration | undefined): number | undefined {
  return delay === undefined ? undefined : durationMs(delay);
}

/** Returns what a call failed with, with the details of its status. */
export function errorOf(failure: unknown): LedgerError {
  if (failure instanceof LedgerError) {
    return failure;
  }
  const error = ConnectError.from(failure);
  const info = error.findDetails(ErrorInfoSchema).find((detail) => detail.domain === DOMAIN);
  const violations = error.findDetails(BadRequestSchema).flatMap((detail) => detail.fieldViolations);
  const retry = error.findDetails(RetryInfoSchema)[0];
  const LedgerErrorOfCode = (info === undefined && CUT.has(error.code) ? Unavailable : CLASSES[error.code]) ?? LedgerError;
  return new LedgerErrorOfCode(
    error.code,
    error.rawMessage,
    {
      reason: info?.reason ?? "",
      metadata: info?.metadata ?? {},
      violations: violations.map(({ field, description }) => ({ field, description })),
      retryAfterMs: milliseconds(retry?.retryDelay),
    },
    failure,
  );
}

/** Returns the refusal of one request on a stream of appends, or of one event of a preview, as Append would have thrown it. */
export function errorOfAppend(error: AppendError): LedgerError {
  const code = error.code as Code;
  const { reason, metadata, fieldViolations, retryDelay } = error;
  const violations = fieldViolations.map(({ field, description }) => ({ field, description }));
  return new (CLASSES[code] ?? LedgerError)(code, error.message, { reason, metadata, violations, retryAfterMs: milliseconds(retryDelay) });
}
