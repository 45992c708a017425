//! What the public sees of a case: its state, by its number and secret.
//!
//! What always holds: a wrong secret, a number that there is not and one that was tried too often get the same answer.

use super::{CaseNumber, Party, State};
use crate::{
    desk::{Desk, DeskError, now},
    store::{DeskChange, DeskFamily, Kept},
};
use prost::Message;

/// Wrong secrets after which a case is not told to anybody for a while.
const WRONG_MAX: u32 = 10;
/// That while, in seconds.
const WRONG_SECONDS: i64 = 3600;

/// What the public sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseSeen {
    /// How it stands.
    pub state: State,
    /// Who must act.
    pub owner: Party,
    /// By when, in seconds since the Unix epoch.
    pub due: i64,
}

impl Desk {
    /// The state of a case for whoever has its secret.
    ///
    /// # Errors
    /// When number and secret do not belong together, or too many wrong ones were tried.
    pub fn case_state(&self, number: CaseNumber, secret: &str) -> Result<CaseSeen, DeskError> {
        let _alone = self.desk.alone();
        let Some(mut case) = self.stored_case(number.get())? else { return Err(DeskError::WrongSecret) };
        let time = now();
        if case.wrong >= WRONG_MAX && time < case.wrong_last + WRONG_SECONDS {
            return Err(DeskError::WrongSecret);
        }
        let given: String = secret.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase();
        let is_right = given == self.secret_of(&case)?;
        let (seen, wrong) = (CaseSeen { state: case.state(), owner: case.owner().party, due: case.due }, case.wrong);
        if is_right && wrong == 0 {
            return Ok(seen);
        }
        (case.wrong, case.wrong_last) = match () {
            () if is_right => (0, 0),
            // A new while of tries begins.
            () if wrong >= WRONG_MAX => (1, time),
            () => (wrong + 1, time),
        };
        let (key, value) = (case.number.to_be_bytes().to_vec(), Some(case.encode_to_vec()));
        self.desk.write(&[DeskChange { family: DeskFamily::Cases, key, value }], Kept::Soon)?;
        if is_right { Ok(seen) } else { Err(DeskError::WrongSecret) }
    }
}
