//! The sources of a crate, for rules that only they can break.

use std::fs;
use std::path::{Path, PathBuf};

/// The `.rs` files of a crate that ship, in all folders below its `src/`: their path there, and their text on one line,
/// without the tests at its foot.
pub fn sources(name: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src");
    let (mut folders, mut found, mut tests) = (vec![root.clone()], Vec::new(), Vec::new());
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                tests.extend(files_of_tests(&path, &text));
                let shipped = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
                found.push((path, shipped.split_whitespace().collect::<Vec<_>>().join(" ")));
            }
        }
    }
    found.retain(|(path, _)| !tests.contains(path));
    assert!(found.len() > 9, "only {} files are below {}", found.len(), root.display());
    let below = |path: PathBuf| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
    let mut found: Vec<_> = found.into_iter().map(|(path, text)| (below(path), text)).collect();
    found.sort();
    found
}

/// The files that a `mod` of tests in the file at `path` stands for.
fn files_of_tests(path: &Path, text: &str) -> Vec<PathBuf> {
    let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
    let folder = path.parent().unwrap();
    let folder = if ["mod", "lib", "main"].contains(&stem.as_str()) { folder.to_owned() } else { folder.join(stem) };
    let named = text.split("#[cfg(test)]\nmod ").skip(1).filter_map(|rest| rest.lines().next()?.strip_suffix(';'));
    named.map(|name| folder.join(format!("{name}.rs"))).collect()
}
