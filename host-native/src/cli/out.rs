//! Printing that takes a closed pipe (`| head`) for the end of the work, not for a bug.

use std::fmt::Arguments;
use std::io::Write;

/// As `println!`, but ends the program in peace when nobody reads any more.
macro_rules! say {
    () => { $crate::cli::out::print(format_args!("\n")) };
    ($($argument:tt)*) => { $crate::cli::out::print(format_args!("{}\n", format_args!($($argument)*))) };
}
pub(super) use say;

/// As `print!`, at once, and ending as `say!` does.
pub fn print(text: Arguments<'_>) {
    if !try_print(text) {
        std::process::exit(0);
    }
}

/// Prints if somebody still reads.
pub fn try_print(text: Arguments<'_>) -> bool {
    let mut out = std::io::stdout().lock();
    out.write_fmt(text).and_then(|()| out.flush()).is_ok()
}
