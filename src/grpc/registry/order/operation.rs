//! Single operations.

use super::{Violation, imei, imeis, imsi, msisdn, not_over, optional, term, text};
use crate::{
    batch::PersonHash,
    grpc::registry::answer,
    import::Kind,
    proto::{self, operate_request::Operation as Asked},
    registry::{Act, Operation, RegistryError, Subscriber},
};
use tonic::Status;

/// A single operation. `person` makes the keyed hash of a passport number.
pub(in crate::grpc::registry) fn operation(
    request: proto::OperateRequest,
    person: impl FnOnce(&str) -> Result<PersonHash, RegistryError>,
) -> Result<Operation, Status> {
    let asked = request.operation.ok_or_else(|| Violation::new("operation", "", "name what is to be done"))?;
    Ok(Operation {
        act: act(asked, person)?,
        operator: text("operator", request.operator)?,
        outlet: text("outlet", request.outlet)?,
        document: text("document", request.document)?,
    })
}

fn act(asked: Asked, person: impl FnOnce(&str) -> Result<PersonHash, RegistryError>) -> Result<Act, Status> {
    Ok(match asked {
        Asked::Report(report) => Act::Report {
            kind: reported(&report.kind)?,
            keys: imeis("report.imeis", &report.imeis)?,
            since: optional("report.since", &report.since)?,
        },
        Asked::Lift(lift) => Act::Lift { kind: reported(&lift.kind)?, keys: imeis("lift.imeis", &lift.imeis)? },
        Asked::Register(register) => Act::Register {
            door: term("register.door", &register.door)?,
            keys: imeis("register.imeis", &register.imeis)?,
            valid_until: optional("register.valid_until", &register.valid_until)?,
            number: msisdn("register.msisdn", &register.msisdn)?,
            person: match register.person.as_str() {
                "" => None,
                number => Some(person(number).map_err(|error| answer::refused(&error))?),
            },
            arrived: optional("register.arrived", &register.arrived)?,
        },
        Asked::Correct(correct) => Act::Correct {
            batch: correct.batch,
            wrong: imei("correct.wrong_imei", &correct.wrong_imei)?,
            right: imei("correct.right_imei", &correct.right_imei)?,
        },
        Asked::Pair(pair) => {
            let old = Subscriber {
                msisdn: msisdn("pair.instead_of_msisdn", &pair.instead_of_msisdn)?,
                imsi: imsi("pair.instead_of_imsi", &pair.instead_of_imsi)?,
            };
            Act::Pair {
                key: imei("pair.imei", &pair.imei)?,
                subscriber: subscriber("pair", &pair.msisdn, &pair.imsi)?,
                valid_until: not_over("pair.valid_until", &pair.valid_until)?,
                instead_of: Some(old).filter(|old| old.msisdn.is_some() || old.imsi.is_some()),
            }
        }
        Asked::Release(release) => Act::Release {
            key: imei("release.imei", &release.imei)?,
            subscriber: subscriber("release", &release.msisdn, &release.imsi)?,
        },
        Asked::ReleaseNumber(release) => {
            Act::ReleaseNumber { subscriber: subscriber("release_number", &release.msisdn, &release.imsi)? }
        }
        Asked::Exempt(exempt) => Act::Exempt {
            keys: imeis("exempt.imeis", &exempt.imeis)?,
            valid_until: not_over("exempt.valid_until", &exempt.valid_until)?,
        },
        Asked::Suspect(suspect) => Act::Suspect { key: imei("suspect.imei", &suspect.imei)? },
        Asked::Resolve(resolve) => {
            let genuine = Subscriber {
                msisdn: msisdn("resolve.genuine_msisdn", &resolve.genuine_msisdn)?,
                imsi: imsi("resolve.genuine_imsi", &resolve.genuine_imsi)?,
            };
            Act::Resolve {
                key: imei("resolve.imei", &resolve.imei)?,
                genuine: Some(genuine).filter(|genuine| genuine.msisdn.is_some() || genuine.imsi.is_some()),
            }
        }
    })
}

fn reported(kind: &str) -> Result<Kind, Violation> {
    match kind {
        "stolen" => Ok(Kind::Stolen),
        "lost" => Ok(Kind::Lost),
        _ => Err(Violation::new("kind", super::shown(kind), "a report is of a stolen or a lost phone")),
    }
}

fn subscriber(field: &str, number: &str, identity: &str) -> Result<Subscriber, Violation> {
    let subscriber = Subscriber {
        msisdn: msisdn(&format!("{field}.msisdn"), number)?,
        imsi: imsi(&format!("{field}.imsi"), identity)?,
    };
    if subscriber.msisdn.is_none() && subscriber.imsi.is_none() {
        return Err(Violation::new(format!("{field}.msisdn"), "", "name an MSISDN or an IMSI"));
    }
    Ok(subscriber)
}
