//! kill -9 at random moments of a server: while it discards and loads, and while it answers.

use crate::{
    fixture::{Fixture, List, batches, copy, digest, kill_at, saring},
    moments::{moment, random, runs},
};
use saring::{
    batch::BatchState,
    proto::{CheckRequest, check_request::Equipment, equipment_check_client::EquipmentCheckClient},
};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

const REGISTERED: u64 = 35_000_001_000_000;

fn start(data: &Path) -> Child {
    let mut command = saring(&["serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data"]);
    command.arg(data).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// The gRPC address of a server, once it answers.
fn ready(server: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.strip_prefix("saring serves gRPC on ").and_then(|rest| rest.split(',').next());
    address.unwrap_or_else(|| panic!("{line:?}")).to_owned()
}

/// Asks until the server is gone; gives the statuses that came.
fn ask(address: &str) -> Vec<i32> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut answers = Vec::new();
        let Ok(mut client) = EquipmentCheckClient::connect(format!("http://{address}")).await else { return answers };
        let question = CheckRequest { equipment: Some(Equipment::EquipmentKey(REGISTERED)), ..CheckRequest::default() };
        while let Ok(answer) = client.check(question.clone()).await {
            answers.push(answer.into_inner().verdict.unwrap().status);
        }
        answers
    })
}

#[test]
fn a_server_killed_at_any_moment_leaves_the_register_as_it_was() {
    let fixture = Fixture::new(&[List::Large]);
    let left_staged = fixture.base();
    kill_at(&mut fixture.import(List::Large, left_staged.path()), "import-before-activate", 1);
    let whole = copy(left_staged.path());
    let begun = Instant::now();
    let mut server = start(whole.path());
    ready(&mut server);
    let start_takes = begun.elapsed();
    server.kill().unwrap();
    server.wait().unwrap();
    let mut random = random();
    for run in 0..runs().div_ceil(2) {
        let data = copy(left_staged.path());
        let mut server = start(data.path());
        if run % 2 == 0 {
            thread::sleep(moment(&mut random, start_takes));
            server.kill().unwrap();
        } else {
            let address = ready(&mut server);
            let asking = thread::spawn(move || ask(&address));
            thread::sleep(moment(&mut random, Duration::from_millis(200)));
            server.kill().unwrap();
            let answers = asking.join().unwrap();
            assert!(answers.windows(2).all(|two| two[0] == two[1]), "run {run}: {answers:?}");
        }
        server.wait().unwrap();
        assert_eq!(digest(data.path()), fixture.before.digest, "run {run}");
        let mut again = start(data.path());
        ready(&mut again);
        again.kill().unwrap();
        again.wait().unwrap();
        assert_eq!(digest(data.path()), fixture.before.digest, "run {run}");
        let discarded = batches(data.path()).into_values().filter(|state| *state == BatchState::Discarded).count();
        assert_eq!(discarded, 2, "run {run}");
    }
}
