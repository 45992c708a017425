//! Persons' devices over a real socket: travellers and tourists, the limits of their doors, corrections, and what is
//! kept of a person.

use crate::support::{
    ANI, Asked, BUDI, Register,
    office::{Office, phone, refused, register, run, shown},
};
use saring::{
    day::Day,
    proto::{
        CorrectOperation, OperateRequest, OperateResponse, RegisterOperation, ShowBatchRequest,
        operate_request::Operation,
    },
};
use std::{fs, path::Path};
use tonic::{Code, Status};

const PASSPORT: &str = "X7391648Z";
const OTHER_PASSPORT: &str = "B5520017";

/// A day so many days from today, in Jakarta.
fn day(from_today: i32) -> String {
    let today = Day::of_unix_seconds(jiff::Timestamp::now().as_second()).get();
    Day::from_stored(u16::try_from(i32::from(today) + from_today).unwrap()).unwrap().to_string()
}

fn traveller(imeis: &[String], person: &str, arrived: i32) -> Operation {
    Operation::Register(RegisterOperation {
        door: "customs-passenger".into(),
        imeis: imeis.to_vec(),
        person: person.into(),
        arrived: day(arrived),
        ..Default::default()
    })
}

fn tourist(imeis: &[String], valid_until: &str, msisdn: &str, person: &str) -> Operation {
    Operation::Register(RegisterOperation {
        door: "operator-tourist".into(),
        imeis: imeis.to_vec(),
        valid_until: valid_until.into(),
        msisdn: msisdn.into(),
        person: person.into(),
        ..Default::default()
    })
}

fn correct(door: &str, batch: u64, wrong: &str, right: &str) -> Operation {
    let (wrong_imei, right_imei) = (wrong.to_owned(), right.to_owned());
    Operation::Correct(CorrectOperation { door: door.into(), batch, wrong_imei, right_imei })
}

fn at_counter() -> OperateRequest {
    OperateRequest { outlet: "kiosk-3".into(), ..OperateRequest::default() }
}

/// Fails when these bytes stand in a file of a folder.
fn assert_nowhere(folder: &Path, secret: &str) {
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_nowhere(&path, secret);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let found = bytes.windows(secret.len()).any(|window| window.eq_ignore_ascii_case(secret.as_bytes()));
        assert!(!found, "a passport's number stands in {}", path.display());
        files += 1;
    }
    assert!(files > 0 || folder.ends_with("uploads"), "{} is empty", folder.display());
}

struct Counter {
    office: Office,
    second: String,
    clerk: String,
}

impl Counter {
    async fn open(door: &str, operator: &str) -> Self {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let clerk = office.person_of(&second, "citra", operator, "submitter", &[door]).await;
        Self { office, second, clerk }
    }

    async fn does(&self, operation: Operation) -> Result<OperateResponse, Status> {
        self.office.operate_with(&self.clerk, at_counter(), operation).await
    }

    fn close(self) -> (Register, String) {
        self.office.close()
    }
}

#[test]
fn a_traveller_registers_all_imeis_or_none_and_two_phones_a_year() {
    run(async {
        let counter = Counter::open("customs-passenger", "").await;
        let office = &counter.office;
        let (one, two, three) =
            (phone(35_209_900_177_100, 2), phone(35_209_900_177_200, 2), phone(35_209_900_177_300, 1));
        // Both slots or none: one digit of the second is wrong.
        let half = vec![one[0].clone(), "352099001771010".to_owned()];
        let said = counter.does(traveller(&half, PASSPORT, -2)).await;
        refused(said.clone(), Code::InvalidArgument, "register.imeis");
        assert!(!format!("{said:?}").contains(PASSPORT));
        assert_eq!(office.reason(&one[0]).await, "NOT_REGISTERED");
        refused(counter.does(traveller(&one, "", -2)).await, Code::InvalidArgument, "name the passport");
        refused(counter.does(traveller(&one, "-.-", -2)).await, Code::InvalidArgument, "4 to 32 letters and digits");
        refused(counter.does(traveller(&one, PASSPORT, -61)).await, Code::ResourceExhausted, "61 days ago");
        refused(counter.does(traveller(&one, PASSPORT, 1)).await, Code::InvalidArgument, "still to come");

        let registered = counter.does(traveller(&one, PASSPORT, -60)).await.unwrap();
        assert_eq!((registered.added, registered.batches.len()), (2, 1));
        for imei in &one {
            assert_eq!(office.reason(imei).await, "REGISTERED");
        }
        let batch = ShowBatchRequest { batch: registered.batches[0] };
        let batch = office.client().await.show_batch(shown(&counter.clerk, batch)).await.unwrap().into_inner();
        assert_eq!((batch.submitter.as_str(), batch.outlet.as_str()), ("citra", "kiosk-3"));
        assert!(!format!("{registered:?} {batch:?}").contains(PASSPORT));

        counter.does(traveller(&two, PASSPORT, -2)).await.unwrap();
        // However the passport is written, and from another counter, it is the same person.
        let third = traveller(&three, "x7391648-z", -2);
        let elsewhere = OperateRequest { outlet: "kiosk-4".into(), ..OperateRequest::default() };
        let said = office.operate_with(&counter.clerk, elsewhere, third).await;
        refused(said, Code::ResourceExhausted, "2 devices within 365 days");
        assert_eq!(office.reason(&three[0]).await, "NOT_REGISTERED");
        counter.does(traveller(&three, OTHER_PASSPORT, -2)).await.unwrap();
        assert_eq!(office.reason(&three[0]).await, "REGISTERED");

        let (register, diagnostics) = counter.close();
        register.digest();
        for passport in [PASSPORT, OTHER_PASSPORT] {
            assert_nowhere(&register.data(), passport);
            assert!(!diagnostics.contains(passport), "{diagnostics}");
        }
    });
}

#[test]
fn a_typing_error_is_corrected_and_the_phone_counts_once() {
    run(async {
        let door = "customs-passenger";
        let counter = Counter::open(door, "").await;
        let office = &counter.office;
        let (one, two, three) =
            (phone(35_209_900_177_100, 3), phone(35_209_900_177_200, 1), phone(35_209_900_177_300, 1));
        let (wrong, kept, right) = (&one[0], &one[1], &one[2]);
        let batch = counter.does(traveller(&one[..2], PASSPORT, -2)).await.unwrap().batches[0];

        refused(counter.does(correct(door, 9_999, wrong, right)).await, Code::NotFound, "no batch 9999");
        refused(counter.does(correct(door, batch, right, wrong)).await, Code::NotFound, "does not list");
        let budi = office.person(&counter.second, "budi", "submitter", &["customs-parcel"]).await;
        let said = office.operate(&budi, correct(door, batch, wrong, right)).await;
        refused(said, Code::PermissionDenied, "not a submitter for door customs-passenger");

        let corrected = counter.does(correct(door, batch, wrong, right)).await.unwrap();
        assert_eq!((corrected.added, corrected.removed), (1, 1));
        assert_eq!(office.reason(wrong).await, "NOT_REGISTERED");
        assert_eq!(office.reason(kept).await, "REGISTERED");
        assert_eq!(office.reason(right).await, "REGISTERED");
        refused(counter.does(correct(door, batch, wrong, right)).await, Code::NotFound, "was taken off");
        // Back again, from the batch that corrected: the error of an error.
        let again = counter.does(correct(door, corrected.batches[0], right, wrong)).await.unwrap();
        assert_eq!((again.added, again.removed), (1, 1));
        assert_eq!(office.reason(wrong).await, "REGISTERED");

        // Registered once and corrected twice is one phone: a second goes, a third does not.
        counter.does(traveller(&two, PASSPORT, -2)).await.unwrap();
        refused(counter.does(traveller(&three, PASSPORT, -2)).await, Code::ResourceExhausted, "2 devices within");
        let (register, _) = counter.close();
        register.digest();
    });
}

#[test]
fn a_tourist_is_served_with_one_number_for_ninety_days_at_most() {
    run(async {
        let counter = Counter::open("operator-tourist", "telkomsel").await;
        let office = &counter.office;
        let (one, two, three) =
            (phone(35_209_900_177_100, 2), phone(35_209_900_177_200, 1), phone(35_209_900_177_300, 1));
        let until = day(30);
        let said = office.operate(&counter.clerk, tourist(&one, &until, ANI, PASSPORT)).await;
        refused(said, Code::InvalidArgument, "counts by outlet");
        refused(counter.does(tourist(&one, &until, "", PASSPORT)).await, Code::InvalidArgument, "name the MSISDN");
        refused(counter.does(tourist(&one, &until, ANI, "")).await, Code::InvalidArgument, "name the passport");
        let said = counter.does(tourist(&one, &until, "62812345", "")).await;
        refused(said, Code::InvalidArgument, "name the passport");
        let said = counter.does(tourist(&one, &until, "+62-81234567801-x", PASSPORT)).await.unwrap_err();
        assert!(!format!("{said:?}").contains("81234567801"), "{said:?}");
        refused(counter.does(tourist(&one, &day(91), ANI, PASSPORT)).await, Code::ResourceExhausted, "at most");
        refused(counter.does(tourist(&one, &day(-1), ANI, PASSPORT)).await, Code::InvalidArgument, "is over");
        assert_eq!(office.reason_with(&one[0], ANI).await, "NOT_REGISTERED");

        let batch = counter.does(tourist(&one, &until, ANI, PASSPORT)).await.unwrap().batches[0];
        for imei in &one {
            let verdict = office.answer(&Asked { imei, msisdn: ANI, imsi: "" }, "telkomsel").await.verdict.unwrap();
            assert_eq!((verdict.reason().as_str_name(), &verdict.valid_until), ("TEMPORARY", &until));
            assert_eq!(office.reason_with(imei, BUDI).await, "PAIRING_MISMATCH");
            assert_eq!(office.reason(imei).await, "NUMBER_NEEDED");
        }
        // No day named: as long as the door lets it.
        counter.does(tourist(&two, "", BUDI, PASSPORT)).await.unwrap();
        let verdict = office.answer(&Asked { imei: &two[0], msisdn: BUDI, imsi: "" }, "").await.verdict.unwrap();
        assert_eq!(verdict.valid_until, day(90));
        let said = counter.does(tourist(&three, "", ANI, PASSPORT)).await;
        refused(said, Code::ResourceExhausted, "2 devices within 90 days");

        // A correction keeps number and last day, and is for the operator that registered.
        let xena = office.person_of(&counter.second, "xena", "xl", "submitter", &["operator-tourist"]).await;
        let fix = || correct("operator-tourist", batch, &one[0], &three[0]);
        refused(office.operate(&xena, fix()).await, Code::PermissionDenied, "another operator");
        counter.does(fix()).await.unwrap();
        let verdict = office.answer(&Asked { imei: &three[0], msisdn: ANI, imsi: "" }, "").await.verdict.unwrap();
        assert_eq!((verdict.reason().as_str_name(), &verdict.valid_until), ("TEMPORARY", &until));
        assert_eq!(office.reason_with(&three[0], BUDI).await, "PAIRING_MISMATCH");

        let (register, diagnostics) = counter.close();
        register.digest();
        assert_nowhere(&register.data(), PASSPORT);
        assert!(!diagnostics.contains(PASSPORT), "{diagnostics}");
    });
}
