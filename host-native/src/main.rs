//! The `haversack` program.

fn main() -> std::process::ExitCode {
    haversack::cli::main()
}
