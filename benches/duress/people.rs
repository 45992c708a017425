//! The people of a register, who change it while it is served: made before it is.

use saring::{
    listing::Door,
    principal::{PrincipalKind, Role},
    registry::{CredentialOrder, NewPrincipal, Order, Registry},
    store::Hands,
};
use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

/// One clerk brings as many as a country: the limits of the doors would stop it, as they should.
const LIMITS: &str = "[door.customs-parcel]\ncorrection_days = 30\n";
const FIRST: &str = "admin";
const SECOND: &str = "ratna";
/// Doors of the lists and of the single registrations.
pub const BATCHES: Door = Door::CustomsPassenger;
pub const PARCELS: Door = Door::CustomsParcel;

/// Tokens of those who work.
pub struct People {
    pub submitter: String,
    pub approvers: [String; 2],
}

/// A new name for each request.
pub fn request() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("request-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A register that nobody serves, with two administrators.
struct Founded(Registry);

impl Founded {
    fn new(data: &Path) -> Self {
        let registry = Registry::open(data, false).unwrap().0;
        let first = registry.found_administrator(FIRST).unwrap();
        assert!(
            first.is_some(),
            "this register was served already: SARING_BENCH_DATA wants one as saring generate makes it"
        );
        let founded = Self(registry);
        founded.add(SECOND, PrincipalKind::Person, "", CredentialOrder::Token);
        // The second one is made by the first alone.
        let order = Order::GrantRole { principal: SECOND.into(), role: Role::Administrator, doors: Vec::new() };
        founded.0.propose(&Hands::of(FIRST, &request()), &order, "").unwrap();
        founded
    }

    fn add(&self, name: &str, kind: PrincipalKind, operator: &str, credential: CredentialOrder) -> Option<String> {
        let (title, operator) = (String::new(), operator.to_owned());
        let new = NewPrincipal { name: name.to_owned(), kind, title, operator, credential, days: 0 };
        let issued = self.0.add_principal(&Hands::of(FIRST, &request()), &new).unwrap();
        issued.token.map(|token| token.reveal().to_owned())
    }

    fn decide(&self, order: &Order) {
        let proposed = self.0.propose(&Hands::of(FIRST, &request()), order, "for the bench").unwrap();
        self.0.approve_proposal(&Hands::of(SECOND, &request()), proposed.number, "", &[]).unwrap();
    }

    fn grant(&self, name: &str, role: Role, doors: &[Door]) {
        self.decide(&Order::GrantRole { principal: name.to_owned(), role, doors: doors.to_vec() });
    }

    fn person(&self, name: &str, role: Role) -> String {
        let token = self.add(name, PrincipalKind::Person, "", CredentialOrder::Token).unwrap();
        self.grant(name, role, &[BATCHES, PARCELS]);
        token
    }
}

/// Brings a submitter and two approvers into a register that nobody serves.
pub fn found(data: &Path) -> People {
    let founded = Founded::new(data);
    founded.decide(&Order::ApplyLimits { toml: LIMITS.to_owned() });
    let submitter = founded.person("sari", Role::Submitter);
    let approvers = ["agus", "budi"].map(|name| founded.person(name, Role::Approver));
    People { submitter, approvers }
}

/// Brings a network element of an operator in, which shows a certificate of that name.
pub fn element(data: &Path, operator: &str) {
    let founded = Founded::new(data);
    let shown = CredentialOrder::Certificate(operator.to_owned());
    assert!(founded.add("mme-1", PrincipalKind::NetworkElement, operator, shown).is_none());
    founded.grant("mme-1", Role::NetworkElement, &[]);
}
