//! A served register, changed by people over real sockets while its disk is recorded.

use super::{
    record::Recorded,
    sample,
    states::{Run, Truth, acknowledged},
};
use crate::it::support::{
    Asked, BUDI, Register, Server, command,
    office::{Office, phone, register, run},
};
use saring::{
    day::Day,
    proto::{
        BatchOrder, LiftOperation, OperateRequest, PairOperation, RegisterOperation, ReleaseOperation, ReportOperation,
        operate_request::Operation,
    },
    registry::Registry,
};
use std::path::Path;

const PASSPORT: &str = "passport/X1";

/// A served register whose disk is recorded.
pub(super) struct Watched {
    pub(super) office: Office,
    pub(super) recorded: Recorded,
}

impl Watched {
    /// Serves a register; `fail` is the fault that the server meets.
    pub(super) fn serve(register: Register, fail: &str) -> Self {
        let recorded = Recorded::begin(&register.data());
        let mut command = command();
        recorded.watch(&mut command, fail);
        let server = Server::start_by(command, &register, "127.0.0.1:0", "127.0.0.1:0", &[]);
        Self { office: Office::of(server, register), recorded }
    }

    /// Notes what a network was answered by: whoever was shown a revision must find it again.
    pub(super) async fn shown(&self) {
        let imei = phone(35_209_900_176_500, 1).remove(0);
        let answer = self.office.answer(&Asked { imei: &imei, ..Asked::default() }, "").await;
        self.told(answer.basis.unwrap().revision.unwrap());
    }

    pub(super) fn told(&self, revision: saring::proto::Revision) {
        self.recorded.told(&format!("revision {}.{}\n", revision.epoch, revision.seq));
    }

    /// Principals, roles, a batch through its states, and single operations.
    async fn story(&self) {
        let office = &self.office;
        let second = office.second_administrator().await;
        self.shown().await;
        let doors = ["customs-passenger"];
        let sari = office.person(&second, "sari", "submitter", &doors).await;
        self.shown().await;
        let agus = office.person(&second, "agus", "approver", &doors).await;
        let tina = office.person_of(&second, "tina", "telkomsel", "submitter", &["stolen", "operator"]).await;
        self.shown().await;
        let list = phone(35_209_900_176_600, 20).join("\n");
        let order = BatchOrder { request_id: "shipment-1".into(), door: doors[0].into(), ..BatchOrder::default() };
        let submitted = office.hand_in(&sari, &format!("imei\n{list}\n"), order).await.unwrap();
        self.told(submitted.receipt.unwrap().revision.unwrap());
        for step in ["approve", "suspend", "restore", "suspend", "withdraw"] {
            let taken = office.step(&agus, step, submitted.batches[0]).await.unwrap();
            self.told(taken.receipt.unwrap().revision.unwrap());
        }
        let imeis = phone(35_209_900_176_400, 2);
        let kind = || "stolen".to_owned();
        let report =
            ReportOperation { kind: kind(), imeis: imeis.clone(), msisdn: BUDI.into(), ..ReportOperation::default() };
        let letter = OperateRequest { document: "police/1".into(), ..OperateRequest::default() };
        let done = office.operate_with(&tina, letter, Operation::Report(report)).await.unwrap();
        self.told(done.receipt.unwrap().revision.unwrap());
        let person = RegisterOperation {
            door: doors[0].into(),
            imeis: phone(35_209_900_176_300, 2),
            person: PASSPORT.into(),
            arrived: Day::of_unix_seconds(jiff::Timestamp::now().as_second()).to_string(),
            ..RegisterOperation::default()
        };
        let imei = imeis[0].clone();
        let pair = PairOperation { imei: imei.clone(), msisdn: BUDI.into(), ..PairOperation::default() };
        let release = ReleaseOperation { imei, msisdn: BUDI.into(), ..ReleaseOperation::default() };
        let lift = LiftOperation { kind: kind(), imeis };
        for (who, operation) in [
            (&sari, Operation::Register(person)),
            (&tina, Operation::Lift(lift)),
            (&tina, Operation::Pair(pair)),
            (&tina, Operation::Release(release)),
        ] {
            let is_person = matches!(operation, Operation::Register(_));
            let done = office.operate(who, operation).await.unwrap();
            self.told(done.receipt.unwrap().revision.unwrap());
            if is_person {
                self.recorded.told("a person has a phone\n");
            }
        }
        self.shown().await;
    }
}

#[test]
fn what_people_were_told_is_there_whatever_is_lost() {
    run(async {
        let register = register();
        let had = super::applied(&register.data());
        let watched = Watched::serve(register, "");
        watched.story().await;
        let Watched { office, recorded } = watched;
        let (register, _) = office.close();
        let run = Run { before: recorded.before(), ops: recorded.ops() };
        let truth = Truth::of(&register.data(), "", had, run.groups());
        assert!(acknowledged(&run.told()) > had + 20, "{}", run.told());
        let states = run.at_every_loss(sample(2), |root, told| {
            truth.judge(root, told)?;
            if told.contains("a person") { has_a_phone(root) } else { Ok(()) }
        });
        println!("served: {} steps, {states} states", run.ops.len());
    });
}

/// The person is found again by the same number.
fn has_a_phone(data: &Path) -> Result<(), String> {
    let (registry, _) = Registry::open(data, false).map_err(|error| error.to_string())?;
    let person = registry.person(PASSPORT).map_err(|error| error.to_string())?;
    let devices = registry.store().devices_of_person(&person).map_err(|error| error.to_string())?;
    if devices.len() == 2 { Ok(()) } else { Err(format!("the person has {} IMEIs, not 2", devices.len())) }
}
