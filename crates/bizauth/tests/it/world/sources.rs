//! The files of the repository, for rules that only they can break.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are not ours to keep tidy: made by tools, or by running the server.
const FOREIGN: [&str; 6] = [".git", "target", "node_modules", "shots", "bizauth-data", "artifacts"];

/// A text file of the repository.
pub struct File {
    /// Its path from the root, with `/`.
    pub path: String,
    pub text: String,
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every text file of the repository.
pub fn files() -> Vec<File> {
    let (root, mut found, mut folders) = (root(), Vec::new(), vec![root()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("a folder can be read to its end").path();
            if FOREIGN.iter().any(|name| path.ends_with(name)) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                let path = path.strip_prefix(&root).expect("it was found below the root");
                found.push(File { path: path.to_string_lossy().into_owned(), text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

pub fn rust() -> Vec<File> {
    files().into_iter().filter(|file| file.path.ends_with(".rs")).collect()
}

/// The files of a folder that ship, their comments left out.
pub fn code_below(folder: &str) -> Vec<File> {
    let mut below: Vec<File> = rust().into_iter().filter(|file| file.path.starts_with(folder)).collect();
    let of_tests: Vec<String> = below.iter().flat_map(files_of_tests).collect();
    below.retain(|file| !file.path.contains("/tests/") && !of_tests.contains(&file.path));
    assert!(!below.is_empty(), "there is nothing in {folder}");
    below.into_iter().map(|file| File { text: without_comments(&file.text), ..file }).collect()
}

/// The `.rs` files of a crate that ship, in all folders below its `src/`: their path there, and their text on one line,
/// without the tests at its foot.
pub fn sources(name: &str) -> Vec<(String, String)> {
    let folder = format!("crates/{name}/src/");
    let found: Vec<_> = code_below(&folder)
        .into_iter()
        .map(|file| {
            let shipped = file.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let line = shipped.split_whitespace().collect::<Vec<_>>().join(" ");
            (file.path[folder.len()..].to_owned(), line)
        })
        .collect();
    assert!(found.len() > 9, "only {} files are in {folder}", found.len());
    found
}

/// The files that a `mod` of tests in a file stands for.
fn files_of_tests(file: &File) -> Vec<String> {
    let (folder, name) = file.path.rsplit_once('/').unwrap_or_default();
    let stem = name.trim_end_matches(".rs");
    let folder = if ["mod", "lib", "main"].contains(&stem) { folder.to_owned() } else { format!("{folder}/{stem}") };
    let lines = file.text.split("#[cfg(test)]\n").skip(1).filter_map(|rest| rest.lines().next());
    let named = lines.filter_map(|line| line.strip_suffix(';')?.split_once("mod ").map(|(_, name)| name));
    named.map(|name| format!("{folder}/{name}.rs")).collect()
}

pub fn without_comments(text: &str) -> String {
    let bare = |line: &str| match line.trim_start().starts_with("//") {
        true => String::new(),
        false => line.split(" // ").next().unwrap_or_default().to_owned(),
    };
    text.lines().map(bare).collect::<Vec<_>>().join("\n")
}
