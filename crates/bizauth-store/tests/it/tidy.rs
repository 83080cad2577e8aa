//! Every sentence of the store is asked by some test, so that every statement is prepared on both engines.

use std::fs::read_to_string;
use std::path::{Path, PathBuf};

fn rust_files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect()
}

#[test]
fn every_sentence_is_asked_by_some_test() {
    let asked: String = rust_files("tests/it").iter().map(|path| read_to_string(path).unwrap()).collect();
    let mut sentences = Vec::new();
    for path in rust_files("src") {
        for line in read_to_string(path).unwrap().lines() {
            if let Some(rest) = line.trim_start().strip_prefix("pub async fn ") {
                sentences.push(rest.split(['(', '<']).next().unwrap().to_owned());
            }
        }
    }
    assert!(sentences.len() > 50, "{sentences:?}");
    sentences.retain(|name| !asked.contains(&format!(".{name}(")));
    assert!(sentences.is_empty(), "nobody asks {sentences:?}");
}
