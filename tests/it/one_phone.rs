//! Single operations over a real socket: reports and their lifting, exemptions, suspicion, repetition.

use crate::support::{
    ANI, Asked, BUDI,
    office::{Office, phone, refused, register, run, shown},
};
use saring::proto::{
    ExemptOperation, LiftOperation, LimitsOrder, OperateRequest, ReportOperation, ResolveOperation, ShowBatchRequest,
    SuspectOperation, operate_request::Operation, propose_request::Change,
};
use tonic::Code;

fn report(imeis: &[String]) -> Operation {
    let msisdn = ANI.to_owned();
    Operation::Report(ReportOperation { kind: "stolen".into(), imeis: imeis.to_vec(), msisdn, ..Default::default() })
}

fn lift(imeis: &[String]) -> Operation {
    Operation::Lift(LiftOperation { kind: "stolen".into(), imeis: imeis.to_vec() })
}

fn letter() -> OperateRequest {
    OperateRequest { document: "police/2026/17".into(), ..OperateRequest::default() }
}

fn of(operator: &str) -> OperateRequest {
    OperateRequest { operator: operator.into(), ..OperateRequest::default() }
}

#[test]
fn a_stolen_phone_is_black_with_all_its_imeis_until_its_operator_lifts_it() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let doors = ["stolen"];
        let tina = office.person_of(&second, "tina", "telkomsel", "submitter", &doors).await;
        let xena = office.person_of(&second, "xena", "xl", "submitter", &doors).await;
        let imeis = phone(35_209_900_176_400, 2);

        refused(office.operate(&tina, report(&imeis)).await, Code::InvalidArgument, "letter of the police");
        refused(office.operate_with(&tina, letter(), report(&[])).await, Code::InvalidArgument, "1 to 8 IMEIs");
        let wrong = vec![imeis[0].clone(), "352099001764015".into()];
        refused(office.operate_with(&tina, letter(), report(&wrong)).await, Code::InvalidArgument, "report.imeis");
        let twice = vec![imeis[0].clone(), imeis[0].clone()];
        refused(office.operate_with(&tina, letter(), report(&twice)).await, Code::InvalidArgument, "named twice");
        let for_another = OperateRequest { operator: "xl".into(), ..letter() };
        let stranger = office.operate_with(&tina, for_another, report(&imeis)).await;
        refused(stranger, Code::PermissionDenied, "acts for telkomsel, not for xl");
        assert_eq!(office.reason(&imeis[0]).await, "NOT_REGISTERED", "nothing of what was refused is in force");

        let reported = office.operate_with(&tina, letter(), report(&imeis)).await.unwrap();
        assert_eq!((reported.added, reported.batches.len()), (2, 1));
        for imei in &imeis {
            assert_eq!(office.reason(imei).await, "STOLEN");
        }
        let batch = ShowBatchRequest { batch: reported.batches[0] };
        let batch = office.client().await.show_batch(shown(&tina, batch)).await.unwrap().into_inner();
        assert_eq!((batch.operator.as_str(), batch.submitter.as_str()), ("telkomsel", "tina"));
        assert_eq!((batch.document.as_str(), batch.state.as_str()), ("police/2026/17", "active"));

        refused(office.operate(&xena, lift(&imeis)).await, Code::NotFound, "nothing");
        refused(office.operate_with(&xena, of("telkomsel"), lift(&imeis)).await, Code::PermissionDenied, "acts for xl");
        assert_eq!(office.reason(&imeis[0]).await, "STOLEN");
        let lifted = office.operate(&tina, lift(&imeis)).await.unwrap();
        assert_eq!((lifted.removed, lifted.added), (2, 0));
        for imei in &imeis {
            assert_eq!(office.reason(imei).await, "NOT_REGISTERED");
        }
        refused(office.operate(&tina, lift(&imeis)).await, Code::NotFound, "nothing");
    });
}

#[test]
fn an_operation_that_is_sent_again_is_not_carried_out_again() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let tina = office.person_of(&second, "tina", "telkomsel", "submitter", &["stolen"]).await;
        let imeis = phone(35_209_900_176_400, 1);
        let request = OperateRequest { request_id: "report-17".into(), operation: Some(report(&imeis)), ..letter() };
        let mut client = office.client().await;
        let first = client.operate(shown(&tina, request.clone())).await.unwrap().into_inner();
        office.operate(&tina, lift(&imeis)).await.unwrap();
        let again = client.operate(shown(&tina, request)).await.unwrap().into_inner();
        assert!(!first.receipt.unwrap().repeated && again.receipt.unwrap().repeated);
        assert_eq!((again.added, again.batches.len()), (0, 0));
        assert_eq!(office.reason(&imeis[0]).await, "NOT_REGISTERED", "what was lifted stays lifted");
    });
}

#[test]
fn regulator_and_court_lift_together_what_an_operator_reported() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let tina = office.person_of(&second, "tina", "telkomsel", "submitter", &["stolen"]).await;
        let bram = office.person(&second, "bram", "approver", &["barred"]).await;
        let bela = office.person(&second, "bela", "approver", &["barred"]).await;
        let hakim = office.person(&second, "hakim", "approver", &["court"]).await;
        let other = office.person(&second, "olga", "approver", &["customs-passenger"]).await;
        let imeis = phone(35_209_900_176_400, 2);
        office.operate_with(&tina, letter(), report(&imeis)).await.unwrap();

        refused(
            office.operate_with(&other, of("telkomsel"), lift(&imeis)).await,
            Code::PermissionDenied,
            "does not belong to telkomsel",
        );
        refused(office.operate_with(&bram, of("xl"), lift(&imeis)).await, Code::NotFound, "nothing");
        refused(office.operate(&bram, report(&imeis)).await, Code::PermissionDenied, "submitter");
        // A role for the door is not enough: it was the operator that reported.
        let susi = office.person(&second, "susi", "submitter", &["stolen"]).await;
        let alone = office.operate_with(&susi, of("telkomsel"), lift(&imeis)).await;
        refused(alone, Code::PermissionDenied, "susi does not belong to telkomsel");
        let asked = office.operate_with(&bram, of("telkomsel"), lift(&imeis)).await.unwrap();
        let [batch] = asked.batches[..] else { panic!("{asked:?}") };
        assert_eq!(office.reason(&imeis[0]).await, "STOLEN", "it waits for the court");
        refused(office.step(&bram, "approve", batch).await, Code::PermissionDenied, "another person");
        refused(office.step(&bela, "approve", batch).await, Code::PermissionDenied, "door court");
        refused(office.step(&tina, "approve", batch).await, Code::PermissionDenied, "for approver");
        refused(office.step(&other, "approve", batch).await, Code::PermissionDenied, "door court");
        assert_eq!(office.step(&hakim, "approve", batch).await.unwrap().state, "active");
        for imei in &imeis {
            assert_eq!(office.reason(imei).await, "NOT_REGISTERED");
        }
        // The other way round: the court asks, the regulator approves.
        office.operate_with(&tina, letter(), report(&imeis)).await.unwrap();
        let asked = office.operate_with(&hakim, of("telkomsel"), lift(&imeis)).await.unwrap();
        refused(office.step(&other, "approve", asked.batches[0]).await, Code::PermissionDenied, "door barred");
        assert_eq!(office.step(&bela, "approve", asked.batches[0]).await.unwrap().state, "active");
        assert_eq!(office.reason(&imeis[1]).await, "NOT_REGISTERED");
        let (register, _) = office.close();
        register.digest();
    });
}

#[test]
fn who_took_an_operator_over_lifts_what_it_reported() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let tina = office.person_of(&second, "tina", "smartfren", "submitter", &["stolen"]).await;
        let xena = office.person_of(&second, "xena", "xlsmart", "submitter", &["stolen"]).await;
        let imeis = phone(35_209_900_176_400, 2);
        office.operate_with(&tina, letter(), report(&imeis)).await.unwrap();
        let lifted = office.operate_with(&xena, of("smartfren"), lift(&imeis)).await;
        refused(lifted, Code::PermissionDenied, "acts for xlsmart");
        let toml = "[successor]\nsmartfren = \"xlsmart\"\n".to_owned();
        let limits = office.ask(&office.admin, Change::ApplyLimits(LimitsOrder { toml })).await.unwrap();
        office.decide(&second, limits).await.unwrap();
        let lifted = office.operate_with(&xena, of("smartfren"), lift(&imeis)).await.unwrap();
        assert_eq!(lifted.removed, 2);
        assert_eq!(office.reason(&imeis[0]).await, "NOT_REGISTERED");
        // Not the other way round.
        office.operate_with(&xena, letter(), report(&imeis)).await.unwrap();
        let lifted = office.operate_with(&tina, of("xlsmart"), lift(&imeis)).await;
        refused(lifted, Code::PermissionDenied, "acts for smartfren");
    });
}

#[test]
fn a_device_is_exempt_until_its_day_and_never_from_the_black_list() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let sari = office.person(&second, "sari", "submitter", &["state"]).await;
        let tina = office.person_of(&second, "tina", "telkomsel", "submitter", &["stolen"]).await;
        let imeis = phone(35_209_900_176_400, 2);
        let exempt = |valid_until: &str| {
            Operation::Exempt(ExemptOperation { imeis: imeis.clone(), valid_until: valid_until.into() })
        };
        refused(office.operate(&tina, exempt("")).await, Code::PermissionDenied, "door state");
        refused(office.operate(&sari, exempt("2099-02-30")).await, Code::InvalidArgument, "exempt.valid_until");
        office.operate(&sari, exempt("2099-12-31")).await.unwrap();
        let answer = office.answer(&Asked { imei: &imeis[1], ..Default::default() }, "").await;
        let verdict = answer.verdict.unwrap();
        assert_eq!((verdict.reason().as_str_name(), verdict.valid_until.as_str()), ("EXEMPT", "2099-12-31"));
        office.operate_with(&tina, letter(), report(&imeis)).await.unwrap();
        assert_eq!(office.reason(&imeis[0]).await, "STOLEN");
    });
}

#[test]
fn a_suspicion_of_duplication_ends_for_the_genuine_number_or_for_all() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let bram = office.person(&second, "bram", "submitter", &["barred"]).await;
        let tina = office.person_of(&second, "tina", "telkomsel", "submitter", &["operator"]).await;
        let imei = "352099001762000".to_owned();
        let suspect = || Operation::Suspect(SuspectOperation { imei: imei.clone() });
        let resolve = |genuine: &str| {
            let genuine_msisdn = genuine.to_owned();
            Operation::Resolve(ResolveOperation { imei: imei.clone(), genuine_msisdn, ..Default::default() })
        };
        assert_eq!(office.reason(&imei).await, "REGISTERED");
        refused(office.operate(&tina, suspect()).await, Code::PermissionDenied, "door barred");
        office.operate(&bram, suspect()).await.unwrap();
        assert_eq!(office.reason_with(&imei, ANI).await, "DUPLICATE");
        // The number that holds the genuine device is served; others with the same IMEI stay under suspicion.
        office.operate(&tina, resolve(ANI)).await.unwrap();
        assert_eq!(office.reason_with(&imei, ANI).await, "PAIRED");
        assert_eq!(office.reason_with(&imei, BUDI).await, "DUPLICATE");
        assert_eq!(office.reason(&imei).await, "DUPLICATE");
        refused(office.operate(&tina, resolve("")).await, Code::PermissionDenied, "door barred");
        office.operate(&bram, resolve("")).await.unwrap();
        assert_ne!(office.reason_with(&imei, ANI).await, "DUPLICATE");
        refused(office.operate(&bram, resolve("")).await, Code::NotFound, "nothing");
        let (register, _) = office.close();
        register.digest();
    });
}
