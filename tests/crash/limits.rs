//! A disk that takes no more: the write fails, the handle refuses further work, and the register opens as it was.

use crate::fixture::{Fixture, List, complete, digest, saring, text, without_path};
use saring::{
    batch::BodyRow,
    identity::EquipmentKey,
    journal::{BatchStaged, Change},
    page::{PageBits, PageId},
    revision::Revision,
    store::{BodyWriter, Draft, Hands, OpenMode, Store, StoreError, Writer},
};
use std::process::Command;

/// The variable by which this test tells itself that it runs under the limit.
const LIMITED: &str = "SARING_TEST_LIMITED";

/// A command under a limit of file sizes (about 1 to 2 MB, the shell's blocks differ): a write beyond it fails with
/// EFBIG, as one on a full disk does with ENOSPC.
fn limited(program: &std::path::Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' 25; ulimit -f 2000; exec \"$@\"", "sh"]).arg(program);
    command
}

fn draft(bytes: usize) -> Draft {
    let staged =
        BatchStaged { kind: "registered".into(), door: 1, document: "x".repeat(bytes), ..BatchStaged::default() };
    Draft { hands: Hands::bootstrap(), partition: String::new(), change: Change::BatchStaged(staged) }
}

fn body<'a>(writer: &Writer<'a>, staged: bool) -> BodyWriter<'a> {
    writer.body(writer.next_seq(), staged).unwrap()
}

/// Pushes pages until a chunk is written ahead.
fn push_a_chunk(body: &mut BodyWriter<'_>) -> Result<(), StoreError> {
    let bits = PageBits([0x5555_5555_5555_5555; PageBits::WORDS]);
    for page in 0..40_000_u64 {
        let key = EquipmentKey::new(35_000_000_000_000 + (page / 400) * 1_000_000 + (page % 400) * 2048).unwrap();
        body.push(&BodyRow::Page { id: PageId::of(key), target: None, bits: Box::new(bits.clone()) })?;
    }
    Ok(())
}

#[test]
fn after_a_failed_write_the_store_refuses_further_work() {
    if let Ok(path) = std::env::var(LIMITED) {
        return fill(path.as_ref());
    }
    let directory = tempfile::tempdir().unwrap();
    drop(Store::open(directory.path(), OpenMode::Create).unwrap());
    let output = limited(&std::env::current_exe().unwrap())
        .args(["--exact", "limits::after_a_failed_write_the_store_refuses_further_work", "--nocapture"])
        .env(LIMITED, directory.path())
        .output()
        .unwrap();
    let told = text(&output.stdout);
    assert!(output.status.success(), "{told}{}", text(&output.stderr));
    let last = told.lines().find_map(|line| line.split_once("acknowledged ")).unwrap_or_else(|| panic!("{told}")).1;
    let last: Revision = last.trim().parse().unwrap();
    assert!(last.seq > 2, "something was written before the limit");
    let store = Store::open(directory.path(), OpenMode::Write).unwrap();
    assert_eq!(store.applied(), last);
    assert_eq!(store.entries(1).unwrap().map(Result::unwrap).count() as u64, last.seq);
    assert_eq!(store.with_batches(|batches| batches.len()) as u64, last.seq - 1);
    let next = store.writer().unwrap().commit(vec![draft(10)], Vec::new()).unwrap();
    assert_eq!(next.seq, last.seq + 1);
}

/// Under the limit: writes until it cannot, and then tries everything else.
fn fill(path: &std::path::Path) {
    let store = Store::open(path, OpenMode::Write).unwrap();
    let mut writer = store.writer().unwrap();
    let failed = loop {
        // Groups of three, so that a torn one would show.
        if let Err(error) = writer.commit(vec![draft(20_000), draft(20_000), draft(20_000)], Vec::new()) {
            break error;
        }
    };
    let acknowledged = store.applied();
    assert!(matches!(failed, StoreError::Write { .. }), "{failed}");
    let broken = |error: StoreError| assert!(matches!(error, StoreError::Broken { .. }), "{error}");
    broken(writer.commit(vec![draft(1)], Vec::new()).unwrap_err());
    broken(push_a_chunk(&mut body(&writer, true)).unwrap_err());
    broken(writer.discard_staged().unwrap_err());
    drop(writer);
    broken(store.writer().map(drop).unwrap_err());
    broken(store.flush().unwrap_err());
    assert_eq!(store.applied(), acknowledged, "what was not acknowledged is not shown");
    println!("\nacknowledged {acknowledged}");
}

#[test]
fn an_import_onto_a_full_disk_leaves_the_register_as_it_was() {
    let fixture = Fixture::new(&[List::Large]);
    let data = fixture.base();
    let import = fixture.import(List::Large, data.path());
    let output = limited(saring(&[]).get_program().as_ref()).args(import.get_args()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = without_path(&text(&output.stderr), data.path());
    assert!(told.starts_with("saring: writing to DIR failed (the body of a batch): IO error"), "{told}");
    assert!(told.ends_with("This process writes no more; check disk and space, then start it again\n"), "{told}");
    assert_eq!(digest(data.path()), fixture.before.digest);
    complete(&fixture, List::Large, data.path());
}
