//! What every change by command has: the name of its request, its reason, its receipt.
//!
//! What always holds: a change whose fate is not known ends with the words by which it can be repeated without being
//! carried out twice.

use super::{Exit, Failure, print, table};
use crate::{grpc::ClientError, identity::IdentityError, proto};
use serde_json::{Value, json};
use std::{fmt, io::IsTerminal, io::Write as _, str::FromStr};

/// The name of a change.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Change {
    /// Name of this request, 8 to 64 characters: sent again under the same name, it is not carried out twice
    /// [default: a random one]
    #[arg(long, value_name = "NAME")]
    pub(super) request: Option<String>,
}

/// A change that may say why.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Reasoned {
    /// Why, for the record
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(super) reason: String,
    #[command(flatten)]
    pub(super) change: Change,
}

impl Change {
    /// Makes a call under the name of this request.
    ///
    /// # Errors
    /// The call's; when it is open whether it was carried out, with the words by which it is repeated.
    pub(super) fn carry_out<T>(&self, call: impl FnOnce(String) -> Result<T, ClientError>) -> Result<T, Failure> {
        let request = self.request.clone().map_or_else(random, Ok)?;
        call(request.clone()).map_err(|error| {
            if error.is_open() {
                format!("{error}; to repeat it safely add --request {request}").into()
            } else {
                error.into()
            }
        })
    }
}

/// A name that nobody else gives.
fn random() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| format!("the system gives no random numbers: {error}"))?;
    Ok(hex(&bytes))
}

/// What was typed breaks a rule. Says nothing personal.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct BadInput(pub(super) String);

/// The end of a command: what breaks a rule, here or at the server, is bad input.
pub(super) fn told(outcome: Result<Exit, Failure>) -> Result<Exit, Failure> {
    let is_bad = |failure: &Failure| {
        failure.is::<BadInput>() || failure.downcast_ref::<ClientError>().is_some_and(ClientError::is_bad_question)
    };
    match outcome {
        Err(failure) if is_bad(&failure) => {
            eprintln!("saring: {failure}");
            Ok(Exit::BadInput)
        }
        other => other,
    }
}

/// A number as it goes to the server; the error does not repeat it.
pub(super) fn number<T>(what: &str, text: Option<&str>) -> Result<String, BadInput>
where
    T: FromStr<Err = IdentityError> + fmt::Display,
{
    let Some(text) = text else { return Ok(String::new()) };
    let read = text.parse::<T>();
    read.map(|number| number.to_string())
        .map_err(|error| BadInput(format!("the {what} cannot be read: {}", error.rule())))
}

/// An optional value in the form in which the wire has it: empty is none.
pub(super) fn text<T: fmt::Display>(value: Option<&T>) -> String {
    value.map_or_else(String::new, ToString::to_string)
}

/// Prints what a change did: a sentence and the revision, or JSON.
///
/// # Errors
/// When standard output cannot be written.
pub(super) fn done(json: bool, said: &str, receipt: Option<&proto::Receipt>, more: Value) -> Result<Exit, Failure> {
    let receipt = receipt.copied().unwrap_or_default();
    let revision = table::revision(receipt.revision.as_ref());
    if json {
        let mut object = json!({"revision": revision, "repeated": receipt.repeated});
        if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
            object.extend(more);
        }
        print(&object.to_string())?;
    } else {
        let repeated =
            if receipt.repeated { "\nthis request had been carried out before: nothing was done now" } else { "" };
        print(&format!("{}{repeated}\nrevision     {revision}", said.trim_end()))?;
    }
    Ok(Exit::Ok)
}

/// Asks the person at the terminal. None: there is nobody to ask.
///
/// # Errors
/// When the terminal cannot be read.
pub(super) fn question(question: &str) -> Result<Option<bool>, Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(None);
    }
    let mut terminal = std::io::stderr().lock();
    write!(terminal, "{question} [y/N] ")?;
    terminal.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(Some(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")))
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A SHA-256, written as 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sha256Hex(pub(super) Vec<u8>);

impl FromStr for Sha256Hex {
    type Err = BadInput;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadInput("a preview's digest is 64 hexadecimal digits, as the preview prints it".to_owned());
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(bad());
        }
        let byte = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let bytes: Option<Vec<u8>> = (0..64).step_by(2).map(byte).collect();
        bytes.map(Self).ok_or_else(bad)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::identity::{Imsi, Msisdn};

    #[test]
    fn a_digest_is_its_text() {
        let bytes: Vec<u8> = (0..32).map(|n| n * 7).collect();
        assert_eq!(hex(&bytes).parse::<Sha256Hex>().unwrap().0, bytes);
        for text in ["", "00", &"g".repeat(64), &"é".repeat(32), &format!("+{}", "0".repeat(63))] {
            assert!(text.parse::<Sha256Hex>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_wrong_number_is_not_repeated() {
        assert_eq!(number::<Msisdn>("MSISDN", Some("0812-3456-7890")).unwrap(), "6281234567890");
        assert_eq!(number::<Imsi>("IMSI", None).unwrap(), "");
        let error = number::<Msisdn>("MSISDN", Some("08123456789O")).unwrap_err().to_string();
        assert!(error.starts_with("the MSISDN cannot be read: ") && !error.contains("3456"), "{error}");
    }

    #[test]
    fn an_open_end_says_how_to_repeat() {
        let broken = |_| Err::<(), _>(ClientError::Broken { why: "the connection broke".to_owned() });
        let change = Change { request: Some("mine".to_owned()) };
        insta::assert_snapshot!(
            change.carry_out(broken).unwrap_err(),
            @"no answer came: the connection broke; to repeat it safely add --request mine"
        );
        let named = Change::default().carry_out(Ok).unwrap();
        assert_eq!(named.len(), 32);
        assert_ne!(Change::default().carry_out(Ok).unwrap(), named);
    }
}
