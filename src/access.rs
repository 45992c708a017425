//! Access: which role may make which call, and see which page.
//!
//! One table for the calls of the gRPC doors and one for the pages of the console; the proto says the same, and a test holds one
//! against the other. What always holds: a call or page without a rule is answered to nobody; the tables open doors only: what a
//! principal may do behind them (for which door of the register, and never on its own work) is decided in the write path.

use crate::principal::{Principal, Role};
use Role::{Administrator, Agent, Approver, Auditor, NetworkElement, Submitter, Supervisor};

/// Who may make a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever asks, also without signing in.
    Everybody,
    /// Every principal that is known and not revoked.
    AnyPrincipal,
    /// Principals with one of these roles.
    Roles(&'static [Role]),
}

/// The rule of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its path on the wire.
    pub path: &'static str,
    /// Who may make it.
    pub who: Who,
}

const fn rule(path: &'static str, who: Who) -> Rule {
    Rule { path, who }
}

/// Every call. Health and reflection tell nothing of the register and are no part of it.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    rule("/saring.v1.EquipmentCheck/Check", Who::Roles(&[NetworkElement, Agent, Supervisor, Auditor])),
    rule("/saring.v1.EquipmentCheck/CheckBatch", Who::Roles(&[NetworkElement, Agent, Supervisor, Auditor])),
    rule("/saring.v1.EquipmentCheck/CheckStream", Who::Roles(&[NetworkElement, Agent, Supervisor, Auditor])),
    rule("/saring.v1.EquipmentCheck/CheckBatchStream", Who::Roles(&[NetworkElement, Agent, Supervisor, Auditor])),
    rule("/saring.v1.EquipmentCheck/Explain", Who::Roles(&[Agent, Supervisor, Auditor, Submitter, Approver, Administrator])),
    rule("/saring.v1.Lookup/Find", Who::Roles(&[Agent, Supervisor, Auditor])),
    rule("/saring.v1.Lookup/Help", Who::Roles(&[Agent, Supervisor, Auditor])),
    rule("/saring.v1.Lookup/Reveal", Who::Roles(&[Agent, Supervisor])),
    rule("/saring.v1.Audit/ListEntries", Who::Roles(&[Supervisor, Auditor])),
    rule("/saring.v1.Audit/WhoLooked", Who::Roles(&[Supervisor, Auditor])),
    rule("/saring.v1.Audit/VerifyRecord", Who::Roles(&[Auditor, Administrator])),
    rule("/saring.v1.Audit/MakeBreachPack", Who::Roles(&[Administrator])),
    rule("/saring.v1.Audit/GetDeskRules", Who::Roles(&[Supervisor, Auditor, Administrator])),
    rule("/saring.v1.Audit/SetDeskRules", Who::Roles(&[Administrator])),
    rule("/saring.v1.Cases/OpenCase", Who::Roles(&[Agent, Supervisor])),
    rule("/saring.v1.Cases/ShowCase", Who::Roles(&[Agent, Supervisor, Auditor])),
    rule("/saring.v1.Cases/ListCases", Who::Roles(&[Agent, Supervisor, Auditor])),
    rule("/saring.v1.Cases/ChangeCase", Who::Roles(&[Agent, Supervisor])),
    rule("/saring.v1.Cases/GetCaseFigures", Who::Roles(&[Agent, Supervisor, Auditor])),
    rule("/saring.v1.Cases/GetCaseState", Who::AnyPrincipal),
    rule("/saring.v1.Registration/SubmitList", Who::Roles(&[Submitter])),
    rule("/saring.v1.Registration/GetLists", Who::Roles(&[Submitter, Approver, Supervisor, Auditor, Administrator])),
    rule("/saring.v1.Registration/GetCounts", Who::Roles(&[Submitter, Approver, Supervisor, Auditor, Administrator])),
    rule("/saring.v1.Registration/ShowNumber", Who::Roles(&[Agent, Supervisor, Auditor])),
    rule("/saring.v1.Registration/GetAboveLimit", Who::Roles(&[Supervisor, Auditor, Administrator])),
    rule("/saring.v1.Registration/GetCalendars", Who::Roles(&[Agent, Supervisor, Submitter, Approver, Auditor, Administrator])),
    rule("/saring.v1.Registration/ProposeCalendar", Who::Roles(&[Administrator, Approver])),
    rule("/saring.v1.Registration/DecideCalendar", Who::Roles(&[Administrator, Approver])),
    rule("/saring.v1.Registration/PreviewCalendar", Who::Roles(&[Supervisor, Approver, Auditor, Administrator])),
    rule("/saring.v1.Registration/RotateIdentityKey", Who::Roles(&[Administrator])),
    rule("/saring.v1.Registry/WhoAmI", Who::AnyPrincipal),
    rule("/saring.v1.Registry/ListPrincipals", Who::Roles(&[Administrator, Auditor])),
    rule("/saring.v1.Registry/AddPrincipal", Who::Roles(&[Administrator])),
    rule("/saring.v1.Registry/RotateToken", Who::AnyPrincipal),
    rule("/saring.v1.Registry/RevokeCredential", Who::Roles(&[Administrator])),
    rule("/saring.v1.Registry/RevokePrincipal", Who::Roles(&[Administrator])),
    rule("/saring.v1.Registry/WithdrawRole", Who::Roles(&[Administrator])),
    rule("/saring.v1.Registry/Propose", Who::Roles(&[Administrator, Submitter, Approver])),
    rule("/saring.v1.Registry/ApproveProposal", Who::Roles(&[Administrator, Approver])),
    rule("/saring.v1.Registry/RejectProposal", Who::Roles(&[Administrator, Submitter, Approver])),
    rule("/saring.v1.Registry/ListProposals", Who::Roles(&[Administrator, Submitter, Approver, Auditor])),
    rule("/saring.v1.Registry/SubmitBatch", Who::Roles(&[Submitter])),
    rule("/saring.v1.Registry/GetUpload", Who::Roles(&[Submitter])),
    rule("/saring.v1.Registry/ApproveBatch", Who::Roles(&[Approver])),
    rule("/saring.v1.Registry/RejectBatch", Who::Roles(&[Approver, Submitter])),
    rule("/saring.v1.Registry/SuspendBatch", Who::Roles(&[Approver])),
    rule("/saring.v1.Registry/RestoreBatch", Who::Roles(&[Approver])),
    rule("/saring.v1.Registry/WithdrawBatch", Who::Roles(&[Approver])),
    rule("/saring.v1.Registry/RealiseBatch", Who::Roles(&[Approver])),
    rule("/saring.v1.Registry/ListBatches", Who::Roles(&[Submitter, Approver, Supervisor, Auditor, Administrator])),
    rule("/saring.v1.Registry/ShowBatch", Who::Roles(&[Submitter, Approver, Supervisor, Auditor, Administrator])),
    rule("/saring.v1.Registry/ListDocuments", Who::Roles(&[Submitter, Approver, Auditor, Administrator])),
    rule("/saring.v1.Registry/Preview", Who::Roles(&[Submitter, Approver, Auditor, Administrator])),
    rule("/saring.v1.Registry/Operate", Who::Roles(&[Submitter, Approver])),
    rule("/saring.v1.Registry/EndOverride", Who::Roles(&[Administrator])),
    rule("/saring.v1.Registry/GetCheckpoint", Who::AnyPrincipal),
    rule("/saring.v1.Registry/ProveInclusion", Who::AnyPrincipal),
    rule("/saring.v1.Registry/ProveConsistency", Who::AnyPrincipal),
    rule("/saring.v1.Registry/ReadJournal", Who::Roles(&[Auditor, Administrator])),
    rule("/saring.v1.Registry/GetHistory", Who::Roles(&[Agent, Supervisor, Submitter, Approver, Auditor, Administrator])),
    rule("/saring.v1.Registry/ListAlarms", Who::Roles(&[Approver, Supervisor, Auditor, Administrator])),
    rule("/saring.v1.Registry/GetCapacity", Who::Roles(&[Approver, Supervisor, Auditor, Administrator])),
    rule("/saring.v1.Registry/CreateBackup", Who::Roles(&[Administrator])),
    rule("/saring.v1.Registry/ListOverrides", Who::AnyPrincipal),
];

/// Every page and form of the console, by the path of its route. Health and figures tell nothing of a device or a person and are
/// no part of it.
#[rustfmt::skip]
pub const PAGES: &[Rule] = &[
    rule("/static/{file}", Who::Everybody),
    rule("/sign-in", Who::Everybody),
    rule("/sign-in/token", Who::Everybody),
    rule("/language", Who::Everybody),
    rule("/sign-out", Who::AnyPrincipal),
    rule("/", Who::AnyPrincipal),
    rule("/account", Who::AnyPrincipal),
    rule("/account/token", Who::AnyPrincipal),
    rule("/search", Who::Roles(&[Agent, Supervisor, Auditor])),
    rule("/result/{id}", Who::Roles(&[Agent, Supervisor, Auditor])),
    rule("/help", Who::Roles(&[Agent, Supervisor, Auditor])),
    rule("/cases", Who::Roles(&[Agent, Supervisor, Auditor])),
    rule("/cases/figures", Who::Roles(&[Agent, Supervisor, Auditor])),
    rule("/case/{number}", Who::Roles(&[Agent, Supervisor, Auditor])),
    rule("/open-case", Who::Roles(&[Agent, Supervisor])),
    rule("/open-case/{id}", Who::Roles(&[Agent, Supervisor])),
    rule("/reveal", Who::Roles(&[Agent, Supervisor])),
    rule("/who", Who::Roles(&[Supervisor, Auditor])),
    rule("/record", Who::Roles(&[Supervisor, Auditor])),
    rule("/breach", Who::Roles(&[Administrator])),
    rule("/registrations", Who::Roles(&[Submitter, Approver, Supervisor, Auditor, Administrator])),
    rule("/registrations/lists", Who::Roles(&[Submitter, Approver, Supervisor, Auditor, Administrator])),
    rule("/registrations/limit", Who::Roles(&[Supervisor, Auditor, Administrator])),
    rule("/calendars", Who::Roles(&[Agent, Supervisor, Submitter, Approver, Auditor, Administrator])),
    rule("/calendar/{number}", Who::Roles(&[Agent, Supervisor, Submitter, Approver, Auditor, Administrator])),
    rule("/calendar/{number}/decide", Who::Roles(&[Administrator, Approver])),
    rule("/propose-calendar", Who::Roles(&[Administrator, Approver])),
    rule("/approvals", Who::Roles(&[Administrator, Submitter, Approver, Auditor])),
    rule("/batches", Who::Roles(&[Submitter, Approver, Supervisor, Auditor, Administrator])),
    rule("/batch/{number}", Who::Roles(&[Submitter, Approver, Supervisor, Auditor, Administrator])),
    rule("/batch/{number}/{step}", Who::Roles(&[Approver, Submitter])),
    rule("/proposal/{number}", Who::Roles(&[Administrator, Approver, Submitter])),
    rule("/journal", Who::Roles(&[Auditor, Administrator])),
    rule("/journal/{last}", Who::Roles(&[Auditor, Administrator])),
    rule("/status", Who::Roles(&[Approver, Supervisor, Auditor, Administrator])),
    rule("/principals", Who::Roles(&[Administrator, Auditor])),
    rule("/principal/{name}", Who::Roles(&[Administrator, Auditor])),
    rule("/add-principal", Who::Roles(&[Administrator])),
];

impl Rule {
    /// The rule of a page, by the path of its route.
    pub fn of_page(route: &str) -> Option<&'static Self> {
        PAGES.iter().find(|rule| rule.path == route)
    }

    /// The rule of a path.
    pub fn of(path: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.path == path)
    }

    /// Whether a principal may make the call.
    pub fn lets_in(&self, principal: &Principal) -> bool {
        match self.who {
            Who::Everybody => true,
            Who::AnyPrincipal => !principal.revoked,
            Who::Roles(roles) => roles.iter().any(|role| principal.has(*role)),
        }
    }

    /// Whom the call is for, in words.
    pub fn whom(&self) -> String {
        match self.who {
            Who::Everybody => "everybody".to_owned(),
            Who::AnyPrincipal => "any principal".to_owned(),
            Who::Roles(roles) => roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", "),
        }
    }
}
