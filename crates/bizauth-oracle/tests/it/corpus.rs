//! Every file of `fuzz/corpus` against the property of its folder. What fuzzing found once is found here ever after.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use bizauth_oracle::properties;

fn fuzz() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

#[test]
fn the_corpus_holds() {
    let mut broken = Vec::new();
    for (name, property) in properties() {
        let folder = fuzz().join("corpus").join(name);
        let mut seeds: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        seeds.sort();
        assert!(seeds.len() >= 4, "{} has {} seeds", folder.display(), seeds.len());
        for seed in seeds {
            let bytes = fs::read(&seed).unwrap();
            assert!(bytes.len() <= 16 * 1024, "{} is too long for a seed", seed.display());
            if catch_unwind(|| property(&bytes)).is_err() {
                broken.push(seed);
            }
        }
    }
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn every_property_is_a_fuzz_target_and_the_other_way_round() {
    let mut named: Vec<String> = properties().into_iter().map(|(name, _)| name.to_owned()).collect();
    named.sort();
    let stems = |folder: &str| {
        let entries = fs::read_dir(fuzz().join(folder)).unwrap();
        let mut stems: Vec<String> =
            entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect();
        stems.sort();
        stems
    };
    assert_eq!(stems("fuzz_targets"), named);
    assert_eq!(stems("corpus"), named);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for name in named {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is no binary of fuzz/Cargo.toml");
        let target = fs::read_to_string(fuzz().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(target.contains(&format!("property(\"{name}\")")), "{target}");
    }
}
