//! Can anything that a caller sends stop the server, or take it from others?
//!
//! One file each for what is attacked. The files and connections are made in `haversack_tests::hostile`.

mod damage;
mod documents;
mod keys;
mod leaving;
mod long_work;
mod places;
mod stage;
mod strangers;
