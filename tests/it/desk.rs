//! The desk over real sockets: lookups on record, numbers revealed for a purpose, who looked at whom.

use crate::support::{
    ANI, BUDI, assert_masked, command,
    office::{Office, phone, refused, register, run, shown},
};
use saring::proto::{
    self, FindRequest, ListEntriesRequest, PairOperation, RevealRequest, VerifyRecordRequest, WhoLookedRequest,
    audit_client::AuditClient, find_response::Found, lookup_client::LookupClient, operate_request::Operation,
};
use serde_json::Value;
use tonic::{Code, Status, transport::Channel};

const PURPOSE: &str = "letter 17 of the police";

fn url(office: &Office) -> String {
    format!("http://{}", office.server.registry)
}

async fn lookup(office: &Office) -> LookupClient<Channel> {
    LookupClient::connect(url(office)).await.unwrap()
}

async fn audit(office: &Office) -> AuditClient<Channel> {
    AuditClient::connect(url(office)).await.unwrap()
}

async fn find(office: &Office, token: &str, text: &str) -> proto::FindResponse {
    let request = FindRequest { text: text.into(), purpose: "a caller".into(), ..FindRequest::default() };
    lookup(office).await.find(shown(token, request)).await.unwrap().into_inner()
}

async fn reveal(office: &Office, token: &str, text: &str, number: &str) -> Result<proto::RevealResponse, Status> {
    let request = RevealRequest { text: text.into(), number: number.into(), purpose: PURPOSE.into(), batch: 0 };
    Ok(lookup(office).await.reveal(shown(token, request)).await?.into_inner())
}

/// A verb with a token: exit code, output and errors as they are, numbers and all.
fn verb(office: &Office, token: &str, args: &[&str]) -> (i32, String, String) {
    let output = command().env("SARING_TOKEN", token).env("SARING_SERVER", url(office)).args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_agents_see_is_on_record_and_shown_in_full_for_a_purpose_only() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let tina = office.person_of(&second, "tina", "telkomsel", "submitter", &["operator"]).await;
        let xena = office.person_of(&second, "xena", "xl", "submitter", &["operator"]).await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let tono = office.person_of(&second, "tono", "telkomsel", "agent", &[]).await;
        let susi = office.person(&second, "susi", "supervisor", &[]).await;
        let supri = office.person_of(&second, "supri", "telkomsel", "supervisor", &[]).await;
        let udin = office.person(&second, "udin", "auditor", &[]).await;
        let imei = &phone(35_209_900_177_100, 1)[0];
        let pair = |msisdn: &str| {
            Operation::Pair(PairOperation { imei: imei.clone(), msisdn: msisdn.into(), ..Default::default() })
        };
        office.operate(&tina, pair(ANI)).await.unwrap();
        office.operate(&xena, pair(BUDI)).await.unwrap();

        // The page is masked; one number of it is revealed.
        let page = find(&office, &agnes, imei).await;
        assert_eq!(page.audit_entry, 1);
        assert_masked(&format!("{page:?}"));
        let Some(Found::Device(device)) = page.found else { panic!() };
        let masked = |end: &str| device.pairings.iter().find(|pair| pair.number.ends_with(end)).unwrap().number.clone();
        let (ani, budi) = (masked(&ANI[ANI.len() - 3..]), masked(&BUDI[BUDI.len() - 3..]));
        let whole = reveal(&office, &agnes, imei, &budi).await.unwrap();
        assert_eq!((whole.numbers.len(), whole.audit_entry), (1, 2));
        assert!(whole.numbers[0].ends_with(&BUDI[BUDI.len() - 8..]), "{whole:?}");
        refused(reveal(&office, &tono, imei, &budi).await, Code::InvalidArgument, "number: ");
        reveal(&office, &tono, imei, &ani).await.unwrap();
        refused(reveal(&office, &udin, imei, &ani).await, Code::PermissionDenied, "none of these");
        let hasty = RevealRequest { text: imei.clone(), number: ani.clone(), purpose: "why".into(), batch: 0 };
        let hasty = lookup(&office).await.reveal(shown(&agnes, hasty)).await;
        refused(hasty, Code::InvalidArgument, "purpose: ");

        // Who looked at Budi: Agnes, twice; once in full.
        let who = async |token: &str, number: &str| {
            let request = WhoLookedRequest { number: number.into(), purpose: PURPOSE.into() };
            Ok::<_, Status>(audit(&office).await.who_looked(shown(token, request)).await?.into_inner().entries)
        };
        let seen = who(&susi, BUDI).await.unwrap();
        assert_masked(&format!("{seen:?}"));
        let told: Vec<_> = seen.iter().map(|one| (one.principal.as_str(), one.deed.as_str(), &one.subjects)).collect();
        assert_eq!(
            told.iter().map(|one| (one.0, one.1)).collect::<Vec<_>>(),
            [("agnes", "reveal"), ("agnes", "lookup")]
        );
        assert_eq!((told[0].2[0].in_full, told[1].2[0].in_full, told[1].2.len()), (true, false, 1));
        assert!(who(&supri, BUDI).await.unwrap().is_empty(), "Telkomsel's people did not look at him");
        let own: Vec<_> = who(&supri, ANI).await.unwrap().into_iter().map(|one| one.principal).collect();
        assert_eq!(own, ["tono"]);
        refused(who(&agnes, BUDI).await, Code::PermissionDenied, "none of these");
        refused(who(&susi, "0812x").await, Code::InvalidArgument, "number: ");

        // The list, the proof, the pack: each for whom it is.
        let list =
            async |token: &str| audit(&office).await.list_entries(shown(token, ListEntriesRequest::default())).await;
        let listed = list(&udin).await.unwrap().into_inner().entries;
        assert_masked(&format!("{listed:?}"));
        assert_eq!(listed.last().unwrap().why, "a caller");
        assert!(list(&supri).await.unwrap().into_inner().entries.iter().all(|one| one.operator == "telkomsel"));
        refused(list(&agnes).await, Code::PermissionDenied, "");
        let verify = async |kept: &str| {
            let request = VerifyRecordRequest { kept: kept.into() };
            audit(&office).await.verify_record(shown(&udin, request)).await.map(tonic::Response::into_inner)
        };
        let verified = verify("").await.unwrap();
        assert_eq!(verified.size, listed.len() as u64);
        verify(&verified.checkpoint).await.unwrap();
        refused(verify("nonsense").await, Code::DataLoss, "checkpoint");

        let pack = |token: &str| {
            let args = ["audit", "breach", "--principal", "agnes", "--from", "2020-01-01", "--to", "2090-01-01"];
            verb(&office, token, &[&args[..], &["--purpose", PURPOSE]].concat())
        };
        assert_eq!(pack(&udin).0, 1);
        let (code, out, err) = pack(&office.admin);
        assert_eq!(code, 0, "{err}");
        let pack: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((pack["subjects"].as_array().unwrap().len(), &pack["made_by"]), (2, &Value::from("admin")));
        assert_eq!(pack["entries"].as_array().unwrap().len(), 2);

        // The command line.
        let (code, out, _) = verb(&office, &susi, &["audit", "list", "--principal", "agnes"]);
        assert!(code == 0 && out.contains("a caller") && out.contains("reveal"), "{out}");
        assert_masked(&out);
        let (code, out, _) = verb(&office, &susi, &["audit", "who", ANI, "--purpose", PURPOSE, "--json"]);
        assert!(code == 0 && out.contains("tono"), "{out}");
        assert_masked(&out);
        let server = url(&office);
        let args = ["lookup", imei, "--server", &server, "--reveal", &ani, "--purpose", PURPOSE];
        let (code, out, _) = verb(&office, &agnes, &args);
        assert!(code == 0 && out.trim().ends_with(&ANI[ANI.len() - 8..]), "{out}");
        assert_eq!(verb(&office, &agnes, &[&args[..6], &["--purpose", "why"]].concat()).0, 2);
        assert_eq!(verb(&office, &susi, &["audit", "list", "--deed", "nothing"]).0, 2);
        let rules = office.register.file("rules.toml", "[retention_days]\nlookup = 30\n");
        let set = ["audit", "rules", "set", rules.to_str().unwrap(), "--purpose", PURPOSE];
        assert_eq!(verb(&office, &susi, &set).0, 1);
        let (code, out, err) = verb(&office, &office.admin, &set);
        assert!(code == 0 && out.contains("lookup = 30"), "{out} {err}");

        let kept = verify("").await.unwrap().checkpoint;
        let (register, diagnostics) = office.close();
        assert_masked(&diagnostics);
        register.file("kept.checkpoint", kept);
        let told = register.run("audit verify --kept {}/kept.checkpoint --json").ok().json();
        assert!(told["size"].as_u64().unwrap() >= 10, "{told}");
        register.run("backup create {}/copy").ok();
        std::fs::remove_dir_all(register.data()).unwrap();
        register.run("backup restore {}/copy").ok();
        assert_eq!(register.run("audit verify --kept {}/kept.checkpoint --json").ok().json()["size"], told["size"]);
    });
}
