//! Do the commands in the README work, as they stand there, on a server that nobody configured?

use haversack_tests::golden::replay::events;
use haversack_tests::requests::API_KEY;
use haversack_tests::target::process::ServerProcess;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// The lines of the README's block of commands that begin with `curl`.
fn commands() -> Vec<String> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    let (_, after) = text.split_once("<!-- quickstart").expect("the README marks its commands");
    let (_, block) = after.split_once("```sh\n").expect("a block of commands follows the mark");
    let (block, _) = block.split_once("```").expect("the block ends");
    block.lines().filter(|line| line.starts_with("curl ")).map(str::to_owned).collect()
}

/// One page that says `text`.
fn pdf(text: &str) -> Vec<u8> {
    let content = format!("BT /F1 12 Tf 72 720 Td ({text}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut pdf = String::from("%PDF-1.4\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (n, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", pdf.len()));
        pdf.push_str(&format!("{} 0 obj\n{object}\nendobj\n", n + 1));
    }
    let at = pdf.len();
    pdf.push_str(&format!("xref\n0 6\n{table}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{at}\n%%EOF\n"));
    pdf.into_bytes()
}

#[test]
fn the_commands_of_the_readme_work_as_they_stand_there() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (data, home) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    std::fs::write(home.path().join("my.pdf"), pdf("Otters sleep on their backs and hold hands.")).unwrap();
    let server = runtime.block_on(ServerProcess::start(data.path(), &BTreeMap::new())).unwrap();
    let mut answers = Vec::new();
    for command in commands() {
        let command = command.replace("localhost:3001", &server.address().to_string());
        let output = Command::new("sh")
            .args(["-c", &command])
            .current_dir(home.path())
            .env("KEY", API_KEY)
            .output()
            .unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        answers.push(String::from_utf8(output.stdout).unwrap());
    }
    let [workspace, upload, chat, stream, search] = &answers[..] else {
        panic!("the README has {} commands, not five", answers.len());
    };
    let json =
        |text: &String| serde_json::from_str::<Value>(text).unwrap_or_else(|_| panic!("not JSON: {text}"));
    assert_eq!(json(workspace)["workspace"]["slug"], "notes");
    assert_eq!(json(upload)["success"], true, "{upload}");
    let chat = json(chat);
    assert!(
        chat["error"].is_null() && chat["sources"][0]["text"].as_str().unwrap().contains("Otters"),
        "{chat}"
    );
    assert!(!chat["textResponse"].as_str().unwrap().is_empty());
    let events = events(stream);
    assert_eq!(events.last().unwrap()["type"], "finalizeResponseStream", "{stream}");
    assert!(json(search)["results"][0]["text"].as_str().unwrap().contains("Otters"), "{search}");
}
