//! Opening a case. The secret by which the public sees its state follows from a key and is shown at its opening; it is
//! stored nowhere.

use super::{Act, Case, CaseNumber, Kind, Owner, Party, State, Step, text};
use crate::{
    desk::{Agent, Desk, DeskError, now},
    identity::EquipmentKey,
    limits,
    pairing::Number,
    store::{DeskChange, DeskFamily, Kept, StoreError},
};
use sha2::{Digest, Sha256};

const META_LAST: &[u8] = b"case_last";
/// Signs that are not taken for one another, said or written.
const ALPHABET: &[u8; 31] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";
const SECRET_CHARS: usize = 8;

/// What a case is opened with.
#[derive(Clone, Debug)]
pub struct CaseOrder {
    /// What it is about.
    pub kind: Kind,
    /// The device.
    pub device: Option<EquipmentKey>,
    /// The caller's number.
    pub caller: Option<Number>,
    /// Who must act.
    pub owner: Owner,
    /// What the caller says.
    pub note: String,
    /// The name of the request, so that it is not carried out twice; may be empty.
    pub request: String,
}

/// A case that was opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The case.
    pub case: Case,
    /// With it the public sees the state of the case.
    pub secret: String,
    /// Whether the same request had opened it before.
    pub repeated: bool,
}

impl Desk {
    /// Opens a case.
    ///
    /// # Errors
    /// When a value breaks a rule, or the case cannot be kept.
    pub fn open_case(&self, agent: &Agent, order: &CaseOrder) -> Result<Opened, DeskError> {
        let owner = checked(&order.owner)?;
        let note = text(&order.note)?;
        if order.device.is_none() && order.caller.is_none() && order.kind != Kind::Other {
            return Err(DeskError::Invalid { field: "imei", rule: "name the device, the number or both".to_owned() });
        }
        let due_hours = self.rules()?.due_hours(order.kind, owner.party);
        let _alone = self.desk.alone();
        let request = request_key(agent, &order.request);
        if let Some(number) = self.request_of(request.as_deref())?
            && let Some(case) = self.stored_case(number)?
        {
            return Ok(Opened { secret: self.secret_of(&case)?, case, repeated: true });
        }
        let last = self.desk.get(DeskFamily::Meta, META_LAST)?;
        let last = last.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes);
        let mut salt = vec![0; 16];
        getrandom::fill(&mut salt).map_err(StoreError::from)?;
        let opened = now();
        let step = Step {
            time: opened,
            by: agent.name.clone(),
            act_code: Act::Opened.code().into(),
            text: note,
            to: owner.to_string(),
            version: 1,
        };
        let case = Case {
            number: last + 1,
            version: 1,
            kind_code: order.kind.code().into(),
            device: order.device.map_or(0, EquipmentKey::get),
            caller: order.caller.map_or(0, Number::to_stored),
            owner_code: owner.party.code().into(),
            operator: owner.operator,
            state_code: State::Open.code().into(),
            opened,
            due: opened + i64::from(due_hours) * 3600,
            opened_operator: agent.operator.clone().unwrap_or_default(),
            secret_key: self.desk.keys().newest().into(),
            secret_salt: salt,
            steps: vec![step],
            ..Case::default()
        };
        self.record_change(agent, &case, &format!("{} {}", Act::Opened, case.owner()), true)?;
        let mut changes = case.changes(None);
        let row = |family, key, value: [u8; 8]| DeskChange { family, key, value: Some(value.to_vec()) };
        changes.push(row(DeskFamily::Meta, META_LAST.to_vec(), case.number.to_be_bytes()));
        changes.extend(request.map(|key| row(DeskFamily::CaseIndex, key, case.number.to_be_bytes())));
        self.desk.write(&changes, Kept::Synced)?;
        Ok(Opened { secret: self.secret_of(&case)?, case, repeated: false })
    }

    /// The case that a request had to do with.
    pub(super) fn request_of(&self, request: Option<&[u8]>) -> Result<Option<u64>, DeskError> {
        let Some(key) = request else { return Ok(None) };
        let known = self.desk.get(DeskFamily::CaseIndex, key)?;
        Ok(known.and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes))
    }

    /// The secret of a case: it follows from the desk's key.
    pub(super) fn secret_of(&self, case: &Case) -> Result<String, DeskError> {
        let message = [b"case secret ", &case.number.to_be_bytes()[..], &case.secret_salt].concat();
        let version = u8::try_from(case.secret_key).unwrap_or_default();
        let Some(bytes) = self.desk.keys().secret(version, &message) else {
            let what = format!("key {version} of {} is gone", CaseNumber::new(case.number));
            return Err(StoreError::Damaged { path: self.desk.path().to_owned(), what }.into());
        };
        let signs = bytes.chunks(4).take(SECRET_CHARS).map(|four| {
            let number = four.iter().fold(0u32, |number, byte| number << 8 | u32::from(*byte));
            char::from(ALPHABET[(number % ALPHABET.len() as u32) as usize])
        });
        Ok(signs.collect())
    }
}

/// The row of a request.
pub(super) fn request_key(agent: &Agent, request: &str) -> Option<Vec<u8>> {
    if request.is_empty() {
        return None;
    }
    let hash = Sha256::new().chain_update(&agent.name).chain_update([0]).chain_update(request).finalize();
    Some([b"r", &hash[..16]].concat())
}

/// An owner whose operator is named where, and only where, it is one.
pub(super) fn checked(owner: &Owner) -> Result<Owner, DeskError> {
    let operator = owner.operator.trim().to_lowercase();
    let invalid = |rule: &str| Err(DeskError::Invalid { field: "operator", rule: rule.to_owned() });
    match owner.party {
        Party::Operator if operator.is_empty() => invalid("name the operator that must act"),
        Party::Operator if operator.len() > limits::OPERATOR_BYTES_MAX => invalid("the name is too long"),
        Party::Operator => Ok(Owner { party: Party::Operator, operator }),
        _ if !operator.is_empty() => invalid("only the owner `operator` has one"),
        party => Ok(Owner { party, operator }),
    }
}
