//! Errors of the door: what is no verdict, in google.rpc terms.

use crate::limits;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// A rule that a request breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Violation {
    /// Path of the field, as `msisdn[17]`.
    pub(super) field: String,
    /// The value as it may be shown.
    pub(super) value: String,
    /// The rule.
    pub(super) rule: String,
}

impl Violation {
    pub(super) fn new(field: impl Into<String>, value: impl Into<String>, rule: impl Into<String>) -> Self {
        Self { field: field.into(), value: value.into(), rule: rule.into() }
    }

    /// The same violation inside of the message with this index of a stream.
    pub(super) fn in_message(mut self, index: u64) -> Self {
        self.field = format!("message[{index}].{}", self.field);
        self
    }
}

impl From<Violation> for Status {
    fn from(violation: Violation) -> Self {
        let Violation { field, value, rule } = violation;
        let description = if value.is_empty() { rule } else { format!("{value:?}: {rule}") };
        let message = format!("{field}: {description}");
        Status::with_error_details(
            Code::InvalidArgument,
            message,
            ErrorDetails::with_bad_request_violation(field, description),
        )
    }
}

/// The node loads its register.
pub(super) fn warming() -> Status {
    retry(Code::Unavailable, "the register is still being loaded: ask again shortly", limits::RETRY_WARMING)
}

/// The node shuts down.
pub(super) fn draining() -> Status {
    retry(Code::Unavailable, "this node is shutting down: connect again, or to another node", limits::RETRY_WARMING)
}

/// The runtime lags.
pub(super) fn busy() -> Status {
    retry(Code::ResourceExhausted, "this node is too busy to answer in time: ask again later", limits::RETRY_BUSY)
}

/// Others look at previews.
pub(super) fn many_previews() -> Status {
    retry(Code::ResourceExhausted, "others are looking at previews: ask again shortly", limits::RETRY_BUSY)
}

/// The deadline passed.
pub(super) fn late() -> Status {
    Status::new(Code::DeadlineExceeded, "the deadline passed before the question was answered")
}

fn retry(code: Code, message: &str, after: Duration) -> Status {
    Status::with_error_details(code, message, ErrorDetails::with_retry_info(Some(after)))
}

/// A text that may be personal, as it may be shown: cut, and all but its ends hidden.
pub(super) fn masked(text: &str) -> String {
    const SHOWN_CHARS: usize = 20;
    let count = text.chars().count();
    let (head, tail) = if count >= 10 { (5, 3) } else { (count.min(2), 0) };
    let shown = |i: usize, c: char| if i < head || i + tail >= count { c } else { '*' };
    let mut masked: String = text.chars().enumerate().map(|(i, c)| shown(i, c)).take(SHOWN_CHARS).collect();
    if count > SHOWN_CHARS {
        masked.push('…');
    }
    masked
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_violation_names_field_value_and_rule() {
        let status = Status::from(Violation::new("msisdn[17]", "62812*****789", "an MSISDN is 5 to 15 digits"));
        assert_eq!(status.code(), Code::InvalidArgument);
        insta::assert_snapshot!(status.message(), @r#"msisdn[17]: "62812*****789": an MSISDN is 5 to 15 digits"#);
        let details = status.get_error_details();
        assert_eq!(details.bad_request().unwrap().field_violations[0].field, "msisdn[17]");
    }

    #[test]
    fn a_refusal_says_when_to_ask_again() {
        for (status, code) in
            [(warming(), Code::Unavailable), (draining(), Code::Unavailable), (busy(), Code::ResourceExhausted)]
        {
            assert_eq!(status.code(), code);
            assert!(status.get_error_details().retry_info().unwrap().retry_delay.unwrap() > Duration::ZERO);
        }
    }

    #[test]
    fn a_masked_text_shows_its_ends_only() {
        assert_eq!(masked("62812345678901234"), "62812*********234");
        assert_eq!(masked("0812"), "08**");
        assert_eq!(masked(""), "");
        assert_eq!(masked(&"9".repeat(50)), format!("99999{}…", "*".repeat(15)));
    }
}
