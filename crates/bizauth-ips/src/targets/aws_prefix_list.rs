//! AWS managed prefix lists: the entries of one list for each family, as `aws ec2` takes them with
//! `--cli-input-json`, in the batches that one request may have.

use serde_json::{Value, json};

use super::json::pretty;
use super::{Excess, Target};
use crate::picture::Picture;

pub(super) const TARGET: Target = Target {
    name: "aws-prefix-list",
    about: "entries of a managed prefix list for each family",
    render,
    trial: None,
    live: None,
};

/// Entries of one prefix list.
const ENTRIES: usize = 1_000;

/// Entries of one request.
const BATCH: usize = 100;

fn render(picture: &Picture) -> Result<String, Excess> {
    let union = picture.union();
    let v4: Vec<String> = union.v4().map(|network| network.to_string()).collect();
    let v6: Vec<String> = union.v6().map(|network| network.to_string()).collect();
    let mut lists = Vec::new();
    for (family, networks) in [("IPv4", v4), ("IPv6", v6)] {
        if networks.len() > ENTRIES {
            let what = format!("{} {family} networks, and a prefix list has at most {ENTRIES} entries", networks.len());
            return Err(Excess { what, advice: "choose services, and use a prefix list for each".to_owned() });
        }
        if networks.is_empty() {
            continue;
        }
        let entries = |chunk: &[String]| -> Vec<Value> {
            chunk.iter().map(|cidr| json!({ "Cidr": cidr, "Description": picture.name })).collect()
        };
        let mut batches = networks.chunks(BATCH);
        let first = batches.next().map(entries).unwrap_or_default();
        let create = json!({
            "PrefixListName": format!("{}-{}", picture.name, family.to_ascii_lowercase()),
            "AddressFamily": family,
            "MaxEntries": room(networks.len()),
            "Entries": first,
        });
        let more: Vec<Value> = batches.map(|chunk| json!({ "AddEntries": entries(chunk) })).collect();
        lists.push(json!({ "create-managed-prefix-list": create, "modify-managed-prefix-list": more }));
    }
    Ok(pretty(&Value::Array(lists)))
}

/// Entries to reserve: a security group that names the list pays for all of them, used or not.
fn room(used: usize) -> usize {
    (used.div_ceil(10) * 10).min(ENTRIES)
}
