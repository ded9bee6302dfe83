// Every message, enum and service of the contract under one name: `contract.EventSchema`, `contract.PartnerKind`.
export * from "./generated/partnership/ledger/v1/audit_service_pb.js";
export * from "./generated/partnership/ledger/v1/events_pb.js";
export * from "./generated/partnership/ledger/v1/ledger_service_pb.js";
export * from "./generated/partnership/ledger/v1/partnership_service_pb.js";
export * from "./generated/partnership/ledger/v1/records_pb.js";
export * from "./generated/partnership/ledger/v1/terms_pb.js";
export * from "./generated/partnership/ledger/v1/webhook_service_pb.js";
