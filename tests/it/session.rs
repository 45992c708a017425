//! A whole session in which no person's number is written in full: not by a verb, not by a server.

use crate::support::{ANI, ANI_SIM, Asked, BUDI, BUDI_SIM, PERSONS, Register, Server, assert_masked, check_request};
use crate::support::{batch_request, run};
use saring::proto::{CheckRequest, ExplainRequest, check_request::SubscriberNumber};
use tokio_stream::StreamExt;

#[test]
fn no_output_and_no_diagnostic_carries_a_number_in_full() {
    let register = Register::new();
    register.import("temporary", &format!("imei,valid_until,msisdn\n35440101000001,2090-01-01,{ANI}\n"), "");
    register.import("pairing", &format!("imei,imsi,msisdn\n35440101000002,{ANI_SIM},{ANI}\n"), "--operator xl");
    register.import("subscriber", &format!("imsi,msisdn\n{BUDI_SIM},{BUDI}\n"), "--operator xl");
    let server = Server::start_with(&register, &["--log", "debug", "--log-format", "json"]);
    let url = server.url();
    for imei in ["35440101000001", "35440101000002", "3544"] {
        for (msisdn, imsi) in [(ANI, ANI_SIM), (BUDI, ANI_SIM), (ANI, BUDI_SIM)] {
            for place in ["--json", "--explain", "--json --explain"] {
                let options = format!("{imei} --msisdn {msisdn} --imsi {imsi} {place}");
                register.run(&format!("check {options}"));
                run(format!("check {options} --server {url}").split_whitespace());
            }
        }
    }
    // Numbers that cannot be read are a person's all the same.
    for bad in [format!("{ANI}x"), format!("{ANI}{ANI}"), format!("++{ANI}"), format!("msisdn-{ANI}-")] {
        let refused = register.run(&format!("check 35440101000001 --msisdn {bad}"));
        assert_eq!(refused.code, if bad.ends_with('-') { 0 } else { 2 }, "{refused:?}");
        register.run(&format!("check 35440101000001 --imsi {ANI_SIM}{bad}"));
        register.run_with("check -", format!("35440101000001,{bad},{bad}\n").as_bytes());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(refused_by_the_server(&server));
    assert_masked(&server.get("/metrics").1);
    let diagnostics = server.stop();
    assert!(diagnostics.lines().count() > 3, "{diagnostics}");
    for line in diagnostics.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(event["level"].is_string() && event["fields"]["message"].is_string(), "{line}");
    }
}

async fn refused_by_the_server(server: &Server) {
    let mut client = server.client().await;
    let asked = Asked { imei: "35440101000001", msisdn: ANI, imsi: ANI_SIM };
    let bad = CheckRequest {
        subscriber_number: Some(SubscriberNumber::MsisdnText(format!("{ANI}x"))),
        ..check_request(&asked, "")
    };
    let mut told = vec![client.check(bad.clone()).await.unwrap_err()];
    let mut answers =
        client.check_stream(tokio_stream::iter([check_request(&asked, ""), bad])).await.unwrap().into_inner();
    assert!(answers.next().await.unwrap().is_ok());
    told.push(answers.next().await.unwrap().unwrap_err());
    let mut batch = batch_request(&[asked, asked], "");
    batch.msisdn[1] = format!("{ANI}999").parse().unwrap();
    told.push(client.check_batch(batch).await.unwrap_err());
    let explain = ExplainRequest { equipment: asked.imei.into(), imsi: format!("{ANI_SIM}9"), ..Default::default() };
    told.push(client.explain(explain).await.unwrap_err());
    for status in told {
        let busy = status.code() == tonic::Code::ResourceExhausted;
        assert!(busy || status.code() == tonic::Code::InvalidArgument, "{status:?}");
        assert_masked(status.message());
        let details = String::from_utf8_lossy(status.details()).into_owned();
        assert_masked(&details);
    }
    assert!(PERSONS.contains(&&ANI[2..]));
}
