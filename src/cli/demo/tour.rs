//! The tour of the demo: every question asked over gRPC, as a network asks and as an agent asks.

use super::{
    Say,
    cases::{CASES, Case},
};
use crate::{
    cli::Failure,
    grpc::{Access, ExplainClient},
    identity::{Imsi, Msisdn},
    policy::{Reason, Status},
    proto,
    words::{Audience, Language, Words},
};
use std::{collections::BTreeMap, io::IsTerminal, net::SocketAddr};

/// Asks every question as a network and as an agent does. How many answers are not the expected ones.
pub(super) fn ask(server: SocketAddr, say: Say<'_>) -> Result<usize, Failure> {
    let client = ExplainClient::connect(&Access::plain(format!("http://{server}")))?;
    let mut agent = BTreeMap::new();
    let mut wrong = 0;
    say(&format!("{:<16} {:<16} {:<28} {}", "IMEI", "number or SIM", "the network hears", "an agent says"))?;
    for case in &CASES {
        let answer = Answer::ask(&client, case)?;
        say(&answer.text(case))?;
        if let Some(what) = answer.surprise(case) {
            wrong += 1;
            say(&format!("{:17}NOT EXPECTED: {what}", ""))?;
        }
        let Words { headline, next_step, contact, .. } = answer.words;
        agent.entry(answer.reason).or_insert((headline, next_step, contact));
    }
    say("\nWhat the agent adds, and whom to turn to:")?;
    for (headline, next_step, contact) in agent.into_values() {
        say(&format!("  {headline}\n      {next_step} [{contact}]"))?;
    }
    let right = CASES.len() - wrong;
    say(&format!("\n{right} of {} answers are the expected ones.", CASES.len()))?;
    Ok(wrong)
}

/// What the network and the agent were told.
struct Answer {
    /// Status and reason of `Check`.
    network: (Status, Reason),
    /// Status and reason of `Explain`.
    status: Status,
    reason: Reason,
    imei: String,
    door: String,
    words: Words,
}

impl Answer {
    fn ask(client: &ExplainClient, case: &Case) -> Result<Self, Failure> {
        let network = client.check(check_request(case))?.verdict.unwrap_or_default();
        let explained = client.explain(explain_request(case))?;
        let verdict = explained.verdict.clone().unwrap_or_default();
        let (status, reason) = terms(&verdict)?;
        let until = verdict.valid_until.parse().ok();
        let door = explained.evidence.iter().find(|line| line.decisive).map(|line| line.door.clone());
        Ok(Self {
            network: terms(&network)?,
            status,
            reason,
            imei: if explained.imei.is_empty() { case.equipment.to_owned() } else { explained.imei },
            door: door.unwrap_or_default(),
            words: Words::of(Language::Indonesian, Audience::Agent, status, reason, until),
        })
    }

    fn text(&self, case: &Case) -> String {
        let (status, reason) = self.network;
        let answer = format!("{:<11} {:<16}", status.name(), reason.name());
        let door = if self.door.is_empty() { String::new() } else { format!(" [{}]", self.door) };
        format!(
            "{:<16} {:<16} {} {}\n{:17}{}{door}",
            self.imei,
            number(case),
            painted(status, &answer),
            self.words.headline,
            "",
            case.story
        )
    }

    /// What is not as it must be.
    fn surprise(&self, case: &Case) -> Option<String> {
        let expected = (case.status, case.reason);
        if self.network != expected {
            return Some(format!("{} {} was to be answered", case.status, case.reason));
        }
        if (self.status, self.reason) != self.network {
            return Some(format!("the agent was told {} {}", self.status, self.reason));
        }
        (self.door != case.door).then(|| format!("{:?} was to be named", case.door))
    }
}

fn terms(verdict: &proto::Verdict) -> Result<(Status, Reason), Failure> {
    Ok((verdict.status().as_str_name().parse()?, verdict.reason().as_str_name().parse()?))
}

fn check_request(case: &Case) -> proto::CheckRequest {
    use proto::check_request::{Equipment, SubscriberIdentity, SubscriberNumber};
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    proto::CheckRequest {
        equipment: Some(Equipment::EquipmentText(case.equipment.to_owned())),
        subscriber_number: text(case.msisdn).map(SubscriberNumber::MsisdnText),
        subscriber_identity: text(case.imsi).map(SubscriberIdentity::ImsiText),
        emergency: case.emergency,
        ..proto::CheckRequest::default()
    }
}

fn explain_request(case: &Case) -> proto::ExplainRequest {
    proto::ExplainRequest {
        equipment: case.equipment.to_owned(),
        msisdn: case.msisdn.to_owned(),
        imsi: case.imsi.to_owned(),
        emergency: case.emergency,
        ..proto::ExplainRequest::default()
    }
}

/// The number or the SIM of a question, masked.
fn number(case: &Case) -> String {
    let msisdn = case.msisdn.parse::<Msisdn>().map(Msisdn::masked);
    msisdn.or_else(|_| case.imsi.parse::<Imsi>().map(Imsi::masked)).unwrap_or_else(|_| "-".to_owned())
}

/// Coloured on a terminal.
fn painted(status: Status, text: &str) -> String {
    if !std::io::stdout().is_terminal() {
        return text.to_owned();
    }
    let colour = match status {
        Status::Whitelisted => 32,
        Status::Greylisted | Status::Unknown => 33,
        Status::Blacklisted => 31,
    };
    format!("\x1b[{colour}m{text}\x1b[0m")
}
