//! That there is a test here makes cargo build the test host with all other tests, in the same way.

use std::process::Command;

#[test]
fn it_says_what_it_wants() {
    let host = Command::new(env!("CARGO_BIN_EXE_spin-host")).output().unwrap();
    assert!(!host.status.success());
    let said = String::from_utf8_lossy(&host.stderr);
    assert!(said.contains("COMPONENT STATE_DIR ADDRESS"), "{said}");
}
