//! SIGINT during an import.

use crate::{
    fixture::{Fixture, List, complete, digest, saring, stop_at, text},
    moments::{moment, random, runs},
};
use std::{
    io::Write,
    process::{Child, Command, Stdio},
    thread,
    time::Instant,
};

fn interrupt(child: &Child) {
    let told = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap();
    // Whoever has ended meanwhile needs no telling, and stays a child until it is waited for.
    assert!(told.success());
}

#[test]
fn an_interrupt_while_reading_takes_nothing_in() {
    let fixture = Fixture::new(&[List::Small]);
    let data = fixture.base();
    let mut command = saring(&["import", "registered", "-", "--data"]);
    command.arg(data.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut import = command.spawn().unwrap();
    let mut list = import.stdin.take().unwrap();
    let rows = "35000005000001\n".repeat(64 << 10);
    // More than a pipe holds: the import reads when this comes back.
    list.write_all(rows.as_bytes()).unwrap();
    interrupt(&import);
    // The import looks up about once in 256 KiB; then nobody reads any more.
    while list.write_all(rows.as_bytes()).is_ok() {}
    drop(list);
    let output = import.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(text(&output.stderr), @"saring: the import was interrupted: nothing is imported");
    assert_eq!(digest(data.path()), fixture.before.digest);
    complete(&fixture, List::Small, data.path());
}

#[test]
fn a_second_interrupt_ends_an_import_at_once() {
    let fixture = Fixture::new(&[List::Large]);
    let data = fixture.base();
    let mut import = stop_at(&mut fixture.import(List::Large, data.path()), "import-before-activate", 1);
    let ended = loop {
        interrupt(&import);
        if let Some(ended) = import.try_wait().unwrap() {
            break ended;
        }
    };
    assert_eq!(ended.code(), Some(130));
    assert_eq!(digest(data.path()), fixture.before.digest);
    complete(&fixture, List::Large, data.path());
}

#[test]
fn an_import_interrupted_at_any_moment_says_by_its_exit_code_what_is_there() {
    let fixture = Fixture::new(&[List::Large]);
    let data = fixture.base();
    let begun = Instant::now();
    crate::fixture::succeed(&mut fixture.import(List::Large, data.path()));
    let took = begun.elapsed();
    let mut random = random();
    for run in 0..runs().div_ceil(5) {
        let data = fixture.base();
        let mut command = fixture.import(List::Large, data.path());
        let mut import = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(moment(&mut random, took));
        interrupt(&import);
        let expected = match import.wait().unwrap().code() {
            Some(0) => &fixture.after(List::Large).digest,
            // No code: the signal came before the import had said that it would take it.
            Some(1) | None => &fixture.before.digest,
            other => panic!("run {run}: exit code {other:?}"),
        };
        assert_eq!(&digest(data.path()), expected, "run {run}");
    }
}
