//! The suite. Each module is one question asked of the engine and its hosts.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

/// Each question, asked of every real host.
macro_rules! on_every_host {
    ($($question:ident),* $(,)?) => {
        mod native {
            $(#[test] fn $question() { super::$question::<haversack_tests::target::Native>(); })*
        }
        mod spin {
            $(
                #[test]
                #[ignore = "needs the component: cargo xtask test spin"]
                fn $question() { super::$question::<haversack_tests::target::Spin>(); }
            )*
        }
        mod package_in_node {
            $(
                #[test]
                #[ignore = "needs the package: cargo xtask test browser"]
                fn $question() { super::$question::<haversack_tests::target::Node>(); }
            )*
        }
        mod package_in_chromium {
            $(
                #[test]
                #[ignore = "needs the package and Chromium: cargo xtask test browser"]
                fn $question() { super::$question::<haversack_tests::target::Chromium>(); }
            )*
        }
    };
}

mod api_table;
mod bad_input;
mod crash;
mod golden;
mod hostile;
mod models;
mod package;
mod quick_start;
mod recordings;
mod simulation;
mod spin;
mod spin_stores;
mod transcripts;
