//! The npm package, beside what every host is asked.

use super::spin_stores::{exported, questions, with};
use haversack_tests::target::{Chromium, Kind, Node, RealTarget, Target};

fn answers_alike<K: Kind>() {
    let (wanted, import) = exported();
    let mut server = RealTarget::<K>::new(&with(&[]));
    assert_eq!(server.call(import).status, 200);
    assert_eq!(questions(&mut server), wanted);
}

#[test]
#[ignore = "needs the package: cargo xtask test browser"]
fn an_exported_workspace_answers_alike_in_package_in_node() {
    answers_alike::<Node>();
}

#[test]
#[ignore = "needs the package and Chromium: cargo xtask test browser"]
fn an_exported_workspace_answers_alike_in_package_in_chromium() {
    answers_alike::<Chromium>();
}
