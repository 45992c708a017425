//! Break-glass over a real socket: for a time the answers are what two administrators say, and every answer says so.

use crate::support::{
    Asked, Server, batch_request, check_request,
    office::{Office, refused, register, run, shown},
    patiently,
};
use saring::proto::{EndOverrideRequest, ExplainRequest, ListOverridesRequest, OverrideOrder, propose_request::Change};
use std::time::Duration;
use tonic::{Code, Status};

/// Black, as nothing is known of it.
const STRANGE: &str = "352099001764006";
const DAY: i64 = 86_400;

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn order(operator: &str, answer: &str, from_unix_s: i64, until_unix_s: i64) -> Change {
    Change::SetOverride(OverrideOrder { operator: operator.into(), answer: answer.into(), from_unix_s, until_unix_s })
}

/// Status and override of the answer of every call; fails where two calls differ. The reason is never another.
async fn answer(server: &Server, operator: &str) -> (String, u64) {
    let asked = Asked { imei: STRANGE, ..Asked::default() };
    let client = || server.client();
    let one = patiently(|| async { client().await.check(check_request(&asked, operator)).await }).await;
    let (verdict, basis) = (one.verdict.unwrap(), one.basis.unwrap());
    assert_eq!(verdict.reason().as_str_name(), "NOT_REGISTERED", "the reason is what it would have been");
    let said = (verdict.status().as_str_name().to_owned(), basis.override_seq);

    let packed = patiently(|| async { client().await.check_batch(batch_request(&[asked; 3], operator)).await }).await;
    assert_eq!(packed.statuses, vec![u8::try_from(verdict.status).unwrap(); 3]);
    assert_eq!(packed.basis.unwrap().override_seq, said.1);
    let streamed = patiently(|| async {
        client().await.check_stream(tokio_stream::iter(vec![check_request(&asked, operator)])).await
    });
    let streamed = streamed.await.message().await.unwrap().unwrap();
    assert_eq!((streamed.verdict.unwrap().status, streamed.basis.unwrap().override_seq), (verdict.status, said.1));
    let streamed = patiently(|| async {
        client().await.check_batch_stream(tokio_stream::iter(vec![batch_request(&[asked], operator)])).await
    });
    assert_eq!(streamed.await.message().await.unwrap().unwrap().basis.unwrap().override_seq, said.1);
    let explain = || ExplainRequest { equipment: STRANGE.into(), operator: operator.into(), ..Default::default() };
    let explained = patiently(|| async { client().await.explain(explain()).await }).await;
    assert_eq!((explained.verdict.unwrap().status, explained.basis.unwrap().override_seq), (verdict.status, said.1));
    said
}

/// The clock of the checks lags behind that of the write path by a tenth of a second, so an override begins and ends
/// that late where the second changes in between.
async fn clocks_agree() {
    tokio::time::sleep(Duration::from_millis(400)).await;
}

async fn set(office: &Office, second: &str, change: Change) -> u64 {
    let asked = office.ask(&office.admin, change).await.unwrap();
    office.decide(second, asked).await.unwrap();
    clocks_agree().await;
    let mut client = office.client().await;
    let all = client.list_overrides(shown(second, ListOverridesRequest {})).await.unwrap().into_inner().overrides;
    assert_eq!(all[0].reason, "why", "the reason stands with the override");
    all[0].number
}

async fn end(office: &Office, token: &str, number: u64) -> Result<(), Status> {
    let request_id = crate::support::office::request_id();
    let request = EndOverrideRequest { request_id, number, reason: "over".into() };
    let ended = office.client().await.end_override(shown(token, request)).await.map(|_| ());
    clocks_agree().await;
    ended
}

#[test]
fn two_persons_override_one_operator_or_all_and_every_answer_says_so() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let auditor = office.person(&second, "aulia", "auditor", &[]).await;
        let usual = ("BLACKLISTED".to_owned(), 0);
        let until = now() + DAY;
        refused(office.ask(&auditor, order("", "white", 0, until)).await, Code::PermissionDenied, "administrator");
        refused(office.ask(&office.admin, order("", "black", 0, until)).await, Code::InvalidArgument, "answer");
        refused(office.ask(&office.admin, order("", "white", 0, now() - 1)).await, Code::InvalidArgument, "future");
        let long = order("", "white", 0, now() + 31 * DAY);
        refused(office.ask(&office.admin, long).await, Code::InvalidArgument, "30 days");

        let asked = office.ask(&office.admin, order("XL", "white", 0, until)).await.unwrap();
        refused(office.decide(&office.admin, asked).await, Code::PermissionDenied, "another person");
        assert_eq!(answer(&office.server, "xl").await, usual, "one person changes nothing");
        office.decide(&second, asked).await.unwrap();
        clocks_agree().await;
        let (status, xl) = answer(&office.server, "xl").await;
        assert_eq!(status, "WHITELISTED");
        assert_ne!(xl, 0);
        assert_eq!(answer(&office.server, "Xl").await, (status, xl));
        assert_eq!(answer(&office.server, "").await, usual);
        assert_eq!(answer(&office.server, "telkomsel").await, usual);

        // For all; the operator's own goes before; "as usual" leaves an operator out.
        let all = set(&office, &second, order("", "grey", 0, until)).await;
        assert_eq!(answer(&office.server, "").await, ("GREYLISTED".to_owned(), all));
        assert_eq!(answer(&office.server, "telkomsel").await, ("GREYLISTED".to_owned(), all));
        assert_eq!(answer(&office.server, "xl").await, ("WHITELISTED".to_owned(), xl));
        let out = set(&office, &second, order("telkomsel", "as-usual", 0, until)).await;
        assert_eq!(answer(&office.server, "telkomsel").await, usual);
        // Who is white stays white under a grey one? No: break-glass is for every answer.
        let registered = office.answer(&Asked { imei: "35209900176200", ..Asked::default() }, "").await;
        assert_eq!(registered.verdict.unwrap().status().as_str_name(), "GREYLISTED");

        // One to come changes nothing yet.
        set(&office, &second, order("smartfren", "white", now() + DAY, now() + 2 * DAY)).await;
        assert_eq!(answer(&office.server, "smartfren").await, ("GREYLISTED".to_owned(), all));

        refused(end(&office, &auditor, xl).await, Code::PermissionDenied, "administrator");
        refused(end(&office, &office.admin, 1).await, Code::NotFound, "no override 1");
        end(&office, &office.admin, xl).await.unwrap();
        assert_eq!(answer(&office.server, "xl").await, ("GREYLISTED".to_owned(), all), "that for all holds again");
        refused(end(&office, &office.admin, xl).await, Code::NotFound, "no override");
        end(&office, &second, out).await.unwrap();
        assert_eq!(answer(&office.server, "telkomsel").await.1, all);
        end(&office, &second, all).await.unwrap();
        assert_eq!(answer(&office.server, "").await, usual);
        let (register, _) = office.close();
        register.digest();
    });
}

#[test]
fn an_override_ends_by_itself_outlives_a_restart_and_is_explained_as_of_then() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let before = office.answer(&Asked { imei: STRANGE, ..Asked::default() }, "").await.basis.unwrap().revision;
        let before = before.unwrap();
        let long = set(&office, &second, order("xl", "white", 0, now() + DAY)).await;
        let ends = now() + 5;
        let short = set(&office, &second, order("", "grey", 0, ends)).await;
        let set_at = office.answer(&Asked { imei: STRANGE, ..Asked::default() }, "").await.basis.unwrap().revision;
        let set_at = set_at.unwrap();
        // No measure of time: until it has ended it may hold, from then on it does not.
        loop {
            let begun = now();
            let said = answer_once(&office, "").await;
            if begun > ends {
                assert_eq!(said, ("BLACKLISTED".to_owned(), 0));
                break;
            }
            assert!(said == ("GREYLISTED".to_owned(), short) || now() >= ends, "{said:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        refused(end(&office, &second, short).await, Code::NotFound, "no override");
        assert_eq!(answer(&office.server, "xl").await, ("WHITELISTED".to_owned(), long));
        let (register, _) = office.close();

        // The same by hand: now, as of before, and as of when both held.
        let told = |options: &str| {
            let (_, answer) = register.check(STRANGE, options);
            answer["status"].as_str().unwrap().to_owned()
        };
        let as_of = |revision: &saring::proto::Revision| format!("--as-of {}.{}", revision.epoch, revision.seq);
        assert_eq!(told("--operator xl"), "WHITELISTED");
        assert_eq!(told(&format!("--operator xl {}", as_of(&before))), "BLACKLISTED");
        assert_eq!(told(&format!("--operator xl {}", as_of(&set_at))), "WHITELISTED");
        assert_eq!(told(""), "BLACKLISTED");
        let at = |unix: i64| jiff::Timestamp::from_second(unix).unwrap().to_string();
        assert_eq!(told(&format!("{} --on {}", as_of(&set_at), at(ends - 1))), "GREYLISTED");
        assert_eq!(told(&format!("{} --on {}", as_of(&set_at), at(ends))), "BLACKLISTED");

        let server = Server::start(&register);
        assert_eq!(answer(&server, "xl").await, ("WHITELISTED".to_owned(), long));
        assert_eq!(answer(&server, "").await, ("BLACKLISTED".to_owned(), 0));
        server.stop();
    });
}

/// Status and override of one check.
async fn answer_once(office: &Office, operator: &str) -> (String, u64) {
    let answer = office.answer(&Asked { imei: STRANGE, ..Asked::default() }, operator).await;
    (answer.verdict.unwrap().status().as_str_name().to_owned(), answer.basis.unwrap().override_seq)
}
