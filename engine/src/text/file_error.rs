//! What is said of a file that could not be read.

/// `message` with the file's name in front, `Error processing NAME: …` as clients know it. Readers of files put it there
/// themselves where the file is to blame, and then it stays as it is.
pub fn file_error(name: &str, message: &str) -> String {
    let start = format!("Error processing {name}: ");
    if message.starts_with(&start) { message.to_owned() } else { start + message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_said_once() {
        let said = "Error processing a.pdf: it took longer than 300 s.";
        assert_eq!(file_error("a.pdf", "it took longer than 300 s."), said);
        assert_eq!(file_error("a.pdf", said), said);
    }
}
