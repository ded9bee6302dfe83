//! The calls of the contract, and which roles may make them: one exhaustive table. What is not in it is refused.

use super::role::Roles;

macro_rules! rpcs {
    ($($service:literal { $($rpc:ident: $roles:expr,)* })*) => {
        /// A call of the contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)]
        pub enum Rpc { $($($rpc,)*)* }

        impl Rpc {
            /// All calls, in the order of the table.
            pub const ALL: &[Self] = &[$($(Self::$rpc,)*)*];

            /// Returns the call of an HTTP path; `None` if the contract has none there.
            pub fn of(path: &str) -> Option<Self> {
                match path {
                    $($(concat!("/partnership.ledger.v1.", $service, "/", stringify!($rpc)) => Some(Self::$rpc),)*)*
                    _ => None,
                }
            }

            /// Its name with that of its service: "LedgerService/Append".
            pub fn name(self) -> &'static str {
                match self { $($(Self::$rpc => concat!($service, "/", stringify!($rpc)),)*)* }
            }

            /// Who may make it.
            pub fn roles(self) -> Roles {
                match self { $($(Self::$rpc => $roles,)*)* }
            }
        }
    };
}

/// Who appends, each the event types that it may.
const APPEND: Roles = Roles::EMITTER.and(Roles::MANAGER).and(Roles::FINANCE).and(Roles::ADMIN);
/// Who reads all of the programme.
const READ: Roles = Roles::MANAGER.and(Roles::FINANCE).and(Roles::AUDITOR).and(Roles::ADMIN);
/// Who reads the programme, and partners their own of it.
const OWN: Roles = READ.and(Roles::PARTNER);
/// Who reads the books.
const BOOKS: Roles = Roles::FINANCE.and(Roles::AUDITOR).and(Roles::ADMIN);
/// Who proves and copies.
const AUDIT: Roles = Roles::AUDITOR.and(Roles::ADMIN);

rpcs! {
    "LedgerService" {
        Append: APPEND,
        AppendStream: APPEND,
        Preview: APPEND,
        WhoAmI: Roles::ALL,
        GetServerInfo: Roles::ALL,
    }
    "PartnershipService" {
        GetPartner: OWN,
        ListPartners: OWN,
        GetAgreement: OWN,
        ListAgreements: OWN,
        GetProgramme: OWN,
        ListProgrammes: OWN,
        GetLead: OWN,
        ListLeads: OWN,
        GetCampaign: OWN,
        ListCampaigns: OWN,
        GetBalance: OWN,
        ListBalances: OWN,
        ListEntries: OWN,
        ExplainSale: OWN,
        ListPayables: OWN,
        ListPayouts: OWN,
        GetPayoutSummary: OWN,
        ListDisputes: OWN,
        GetMetrics: OWN,
        ListAlerts: OWN,
    }
    "AuditService" {
        // Emitters their own records.
        GetRecord: Roles::ALL,
        ReadRecords: OWN,
        Subscribe: OWN,
        GetTrialBalance: BOOKS,
        GetTreeHead: BOOKS,
        GetCheckpoint: OWN,
        // As GetRecord.
        GetInclusionProof: Roles::ALL,
        GetConsistencyProof: OWN,
        GetProof: Roles::ALL,
        StreamBackup: AUDIT,
    }
    "WebhookService" {
        AddWebhook: Roles::ADMIN,
        ListWebhooks: Roles::ADMIN,
        PauseWebhook: Roles::ADMIN,
        ResumeWebhook: Roles::ADMIN,
        ReplayWebhook: Roles::ADMIN,
        TestWebhook: Roles::ADMIN,
        RotateWebhookSecret: Roles::ADMIN,
        RemoveWebhook: Roles::ADMIN,
    }
}

impl Rpc {
    /// Whether it takes events in.
    pub fn appends(self) -> bool {
        matches!(self, Self::Append | Self::AppendStream | Self::Preview)
    }

    /// Whether it is a stream, of which a principal may be limited to so many at a time.
    pub fn is_stream(self) -> bool {
        matches!(self, Self::AppendStream | Self::ReadRecords | Self::Subscribe | Self::StreamBackup)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::DESCRIPTOR;
    use prost::Message as _;
    use prost_types::FileDescriptorSet;
    use std::collections::BTreeSet;

    #[test]
    fn every_call_of_the_contract_has_its_row_and_every_row_is_a_call() {
        let files = FileDescriptorSet::decode(DESCRIPTOR).expect("the contract");
        let services = files.file.iter().flat_map(|file| file.service.iter().map(move |service| (file.package(), service)));
        let paths: BTreeSet<String> = services
            .flat_map(|(package, service)| {
                service.method.iter().map(move |method| format!("/{package}.{}/{}", service.name(), method.name()))
            })
            .collect();
        let without: Vec<_> = paths.iter().filter(|path| Rpc::of(path).is_none()).collect();
        assert!(without.is_empty(), "say in src/access/rpc.rs who may call {without:?}");
        let rows: BTreeSet<String> = Rpc::ALL.iter().map(|rpc| format!("/partnership.ledger.v1.{}", rpc.name())).collect();
        assert_eq!(rows, paths);
    }

    #[test]
    fn an_auditor_appends_nothing_and_only_those_who_audit_copy() {
        for rpc in Rpc::ALL {
            assert!(!rpc.appends() || !rpc.roles().intersects(Roles::AUDITOR.and(Roles::PARTNER)), "{rpc:?}");
            assert!(rpc.roles().intersects(Roles::ADMIN), "{rpc:?}");
        }
        assert_eq!(Rpc::StreamBackup.roles(), Roles::AUDITOR.and(Roles::ADMIN));
    }
}
