//! Who there is in the small world, and what takes two persons.

use super::{World, lists, rules, rules::Why, rules::against};
use crate::{
    door_limits::Limits,
    ledger::OverrideAnswer,
    listing::Door,
    policy::Settings,
    preview::Preview,
    principal::{PrincipalKind, Role},
    registry::{CredentialOrder, NewPrincipal, Order, PreviewOrder, tests::pick},
    store::Hands,
};

/// Everybody, and for which operator.
const PEOPLE: [(&str, &str); 9] = [
    ("chief", ""),
    ("deputy", ""),
    ("clerk", ""),
    ("officer", ""),
    ("reviewer", ""),
    ("auditor", ""),
    ("court", ""),
    ("shop-xl", "xl"),
    ("shop-tsel", "tsel"),
];

const OPERATORS_DOORS: [Door; 4] = [Door::Stolen, Door::Lost, Door::Operator, Door::OperatorTourist];

const DOCUMENTS_OF_LIMITS: [&str; 3] = [
    "",
    "large_batch = 2\n[door.customs-passenger]\nneeds_person = true\ndevices_a_person = 1\ncorrection_days = 3\n",
    "large_batch = 2\n[door.operator-tourist]\nneeds_number = true\ndays = 30\nclerk_a_day = 2\noutlet_a_day = 3\n\
     correction_days = 7\n[door.state]\ndays = 90\ncorrection_days = 2\n",
];

const DOCUMENTS_OF_SETTINGS: [&str; 3] =
    ["", "[national]\nnot_registered = \"grey\"\n", "[national]\nsuspended = \"unknown\"\nduplicate = \"black\"\n"];

impl World {
    /// The first administrators, everybody, and their roles.
    pub(super) fn found(&mut self) {
        use Door::{Barred, Court, CustomsParcel, CustomsPassenger, Grandfathered, Lost, Operator, State, Stolen};
        use Door::{OperatorTourist, TppImport};
        let issued = self.registry.found_administrator("chief").unwrap().unwrap();
        let administrator = |name: &str| (name.to_owned(), Role::Administrator, Vec::new());
        self.model.grants.insert(issued.receipt.revision.seq, administrator("chief"));
        for (name, operator) in PEOPLE {
            self.model.operators.insert(name.to_owned(), operator.to_owned());
            if name != "chief" {
                let new = NewPrincipal {
                    name: name.to_owned(),
                    kind: PrincipalKind::Person,
                    title: String::new(),
                    operator: operator.to_owned(),
                    credential: CredentialOrder::Token,
                    days: 0,
                };
                self.registry.add_principal(&Hands::of("chief", ""), &new).unwrap();
            }
        }
        let everywhere = [TppImport, CustomsPassenger, CustomsParcel, State, Stolen, Lost, Operator, OperatorTourist];
        let roles: [(&str, Role, Vec<Door>); 8] = [
            ("deputy", Role::Administrator, Vec::new()),
            ("clerk", Role::Submitter, vec![TppImport, CustomsPassenger, CustomsParcel, State, Barred, Grandfathered]),
            ("officer", Role::Submitter, vec![TppImport, CustomsPassenger, State, Stolen]),
            ("officer", Role::Approver, vec![TppImport, State, Stolen, Operator, Barred]),
            ("reviewer", Role::Approver, [&everywhere[..], &[Grandfathered, Barred]].concat()),
            ("court", Role::Approver, vec![Court, TppImport]),
            ("shop-xl", Role::Submitter, OPERATORS_DOORS.to_vec()),
            ("shop-tsel", Role::Submitter, OPERATORS_DOORS.to_vec()),
        ];
        for (name, role, doors) in roles {
            let order = Order::GrantRole { principal: name.to_owned(), role, doors: doors.clone() };
            let made = self.registry.propose(&Hands::of("chief", ""), &order, "").unwrap();
            let mut seq = made.receipt.revision.seq;
            if role != Role::Administrator {
                let hands = Hands::of("deputy", "");
                seq = self.registry.approve_proposal(&hands, made.number, "", &[]).unwrap().revision.seq;
            }
            self.model.decided.insert(made.number);
            self.model.grants.insert(seq, (name.to_owned(), role, doors));
        }
        let toml = pick(&mut self.random, &DOCUMENTS_OF_LIMITS).to_owned();
        self.begin_with(["chief", "deputy"], Order::ApplyLimits { toml });
        let (door, number, quantity) = (TppImport, "PI-1".to_owned(), 4 + self.random.below(6));
        let (brand, model, holder) = Default::default();
        let document = Order::RegisterDocument { door, number, quantity, brand, model, valid_until: None, holder };
        self.begin_with(["clerk", "reviewer"], document);
    }

    fn begin_with(&mut self, [asks, approves]: [&str; 2], order: Order) {
        let number = self.registry.propose(&Hands::of(asks, ""), &order, "").unwrap().number;
        let done = self.registry.approve_proposal(&Hands::of(approves, ""), number, "", &[]).unwrap();
        self.model.decided.insert(number);
        self.carry_out(done.revision.seq, order);
    }

    /// Somebody who has a role for a door, mostly.
    pub(super) fn somebody(&mut self, role: Role, door: Door) -> String {
        let able: Vec<_> = PEOPLE.iter().filter(|(name, _)| self.model.has_for(name, role, door)).collect();
        if able.is_empty() || self.random.below(7) == 0 {
            self.anybody()
        } else {
            pick(&mut self.random, &able).0.to_owned()
        }
    }

    fn anybody(&mut self) -> String {
        pick(&mut self.random, &PEOPLE).0.to_owned()
    }

    fn order(&mut self) -> Order {
        match self.random.below(9) {
            0..=1 => Order::GrantRole {
                principal: if self.random.below(6) == 0 { "nobody".to_owned() } else { self.anybody() },
                role: pick(&mut self.random, &[Role::Submitter, Role::Approver, Role::Auditor]),
                doors: pick(&mut self.random, &[vec![Door::TppImport], vec![Door::State, Door::Court], Vec::new()]),
            },
            2..=4 => Order::RegisterDocument {
                door: Door::TppImport,
                number: pick(&mut self.random, &["PI-1", "PI-1", "PI-2", ""]).to_owned(),
                quantity: self.random.below(8),
                brand: String::new(),
                model: String::new(),
                valid_until: pick(&mut self.random, &[None, None, None, Some(lists::day(self.today, -3))]),
                holder: String::new(),
            },
            5..=6 => Order::SetOverride {
                operator: pick(&mut self.random, &["", "xl"]).to_owned(),
                answer: pick(&mut self.random, &[OverrideAnswer::White, OverrideAnswer::Grey, OverrideAnswer::AsUsual]),
                from_unix_s: 0,
                until_unix_s: self.now + 20 * 86_400,
            },
            7 => {
                let toml = pick(&mut self.random, &DOCUMENTS_OF_SETTINGS).to_owned();
                Order::ApplySettings { toml, effective_from_unix_s: 0 }
            }
            _ => Order::ApplyLimits { toml: pick(&mut self.random, &DOCUMENTS_OF_LIMITS).to_owned() },
        }
    }

    pub(super) fn propose(&mut self) {
        let order = self.order();
        let name = match order {
            Order::RegisterDocument { .. } => pick(&mut self.random, &["clerk", "reviewer", "officer", "court"]),
            _ => pick(&mut self.random, &["chief", "chief", "deputy", "clerk"]),
        };
        let hands = self.hands(name);
        self.story.push(format!("{name} proposes {order:?}"));
        let against = self.model.against_order(name, &order);
        let done = self.registry.propose(&hands, &order, "").map(|made| (made.number, made.receipt.repeated));
        if let Some(number) = self.settle("propose", &hands, &against, done) {
            self.remember(&hands);
            self.model.proposals.insert(number, (name.to_owned(), order));
        }
    }

    /// Somebody approves or refuses a proposal.
    pub(super) fn decide(&mut self) {
        let mut numbers: Vec<u64> = self.model.proposals.keys().copied().collect();
        if numbers.is_empty() || self.random.below(10) == 0 {
            numbers.extend(&self.model.decided);
            numbers.push(1);
        }
        let number = pick(&mut self.random, &numbers);
        let of_door = matches!(self.model.proposals.get(&number), Some((_, Order::RegisterDocument { .. })));
        let able = if of_door { ["reviewer", "reviewer", "officer"] } else { ["deputy", "deputy", "chief"] };
        let anybody = if self.random.below(6) == 0 { &["clerk", "deputy", "reviewer"] } else { &able };
        let name = pick(&mut self.random, anybody);
        let (hands, is_approval) = (self.hands(name), self.random.below(5) > 0);
        self.story.push(format!("{name} decides on {number}: {is_approval}"));
        let mut against = self.model.against_decision(name, number, is_approval);
        let seen = self.registry.preview(&PreviewOrder::Proposal(number)).ok();
        let mut digest = seen.as_ref().map_or_else(Vec::new, |seen| seen.digest.to_vec());
        match self.random.below(8) {
            0..=1 => digest.clear(),
            2 => digest = vec![7; 32],
            _ => {}
        }
        if is_approval && self.model.proposals.contains_key(&number) {
            let many = |seen: &Preview| seen.imeis > self.model.limits.large_batch || !seen.unlisted.is_empty();
            let is_large = seen.as_ref().is_some_and(many);
            let is_right = seen.as_ref().is_none_or(|seen| digest.is_empty() || seen.digest == *digest);
            against.extend(rules::against(&[
                (digest.is_empty() && is_large || !is_right, Why::State),
                (seen.is_none() && !digest.is_empty(), Why::Invalid),
            ]));
        }
        let done = match is_approval {
            true => self.registry.approve_proposal(&hands, number, "", &digest),
            false => self.registry.reject_proposal(&hands, number, ""),
        };
        let done = done.map(|receipt| (receipt.revision.seq, receipt.repeated));
        let what = if is_approval { "approve a proposal" } else { "refuse a proposal" };
        let Some(seq) = self.settle(what, &hands, &against, done) else { return };
        self.remember(&hands);
        self.model.decided.insert(number);
        let (_, order) = self.model.proposals.remove(&number).unwrap();
        if is_approval {
            self.carry_out(seq, order);
        }
    }

    fn carry_out(&mut self, seq: u64, order: Order) {
        let model = &mut self.model;
        match order {
            Order::GrantRole { principal, role, doors } => _ = model.grants.insert(seq, (principal, role, doors)),
            Order::RegisterDocument { door, number, quantity, valid_until, .. } => {
                model.documents.insert((door, number), (quantity, valid_until));
            }
            Order::SetOverride { operator, answer, .. } => {
                model.overrides.insert(seq, (operator, answer, false));
            }
            Order::ApplySettings { toml, .. } => model.settings = Settings::from_toml(&toml).unwrap(),
            Order::ApplyLimits { toml } => model.limits = Limits::from_toml(&toml).unwrap(),
            Order::IssueCredential { .. } => {}
        }
    }

    /// A role is withdrawn, or an override ends before its time.
    pub(super) fn take_back(&mut self) {
        let name = pick(&mut self.random, &["chief", "deputy", "deputy", "clerk"]);
        let live = self.model.overrides.values().any(|(_, _, ended)| !ended);
        let (hands, is_role) = (self.hands(name), !live || self.random.below(4) == 0);
        let administrator = self.model.has(name, Role::Administrator);
        let mut numbers: Vec<u64> = self.model.overrides.keys().copied().collect();
        if is_role {
            // The administrators stay, or soon nothing could be proposed any more.
            let others = self.model.grants.iter().filter(|(_, (_, role, _))| *role != Role::Administrator);
            numbers = others.map(|(number, _)| *number).collect();
        }
        let number = if numbers.is_empty() { 1 } else { pick(&mut self.random, &numbers) };
        self.story.push(format!("{name} takes {number} back, a role: {is_role}"));
        let is_there = match is_role {
            true => self.model.grants.contains_key(&number),
            false => self.model.overrides.get(&number).is_some_and(|(_, _, ended)| !ended),
        };
        let against = against(&[(!administrator, Why::NotAllowed), (!is_there, Why::NotFound)]);
        let (what, done) = match is_role {
            true => ("withdraw a role", self.registry.withdraw_role(&hands, number, "")),
            false => ("end an override", self.registry.end_override(&hands, number, "")),
        };
        let done = done.map(|receipt| ((), receipt.repeated));
        if self.settle(what, &hands, &against, done).is_some() {
            self.remember(&hands);
            self.model.grants.remove(&number);
            self.model.overrides.entry(number).and_modify(|(_, _, ended)| *ended = true);
        }
    }
}
