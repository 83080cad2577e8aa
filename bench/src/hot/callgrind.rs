//! What callgrind wrote, read: which functions ran, and how many instructions each ran itself.

use std::collections::HashMap;

/// A function of a program or library, with the path of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Function<'t> {
    pub(crate) object: &'t str,
    pub(crate) name: &'t str,
}

/// The instructions that each function ran itself. A name comes with its number once, and then as the number alone; the
/// line behind `calls=` is what was called, which counts there.
pub(crate) fn own(counts: &str) -> HashMap<Function<'_>, u64> {
    let mut names = HashMap::<(bool, &str), &str>::new();
    let (mut sums, mut of_a_call) = (HashMap::new(), false);
    let mut here = Function { object: "", name: "" };
    for line in counts.lines() {
        if let Some((what, named)) = line.split_once('=') {
            of_a_call |= what == "calls";
            let is_object = matches!(what, "ob" | "cob");
            if !is_object && !matches!(what, "fn" | "cfn") {
                continue;
            }
            let (number, name) = named.split_once(' ').unwrap_or((named, ""));
            if !name.is_empty() {
                names.insert((is_object, number), name);
            }
            let name = names.get(&(is_object, number)).copied().unwrap_or_default();
            match what {
                "ob" => here.object = name,
                "fn" => here.name = name,
                _ => {}
            }
        } else if line.starts_with(|c: char| c.is_ascii_digit() || "+-*".contains(c)) && !std::mem::take(&mut of_a_call)
        {
            let own = line.split_whitespace().nth(1).and_then(|count| count.parse::<u64>().ok());
            *sums.entry(here).or_insert(0) += own.unwrap_or(0);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_what_it_runs_itself() {
        let counts = "events: Ir\nob=(1) /usr/bin/bizauth\nfl=(1) a.rs\nfn=(1) _ZN7bizauth4mainE\n10 5\n+2 7\ncfi=(2) b.c\n\
                      cob=(2) /lib/libsqlite3.so\ncfn=(2) sqlite3_step\ncalls=3 0\n* 100\n-1 1\n\nob=(2)\nfl=(2)\nfn=(2)\n\
                      20 100\nob=(1)\nfn=(3) brk\n1 2\n";
        let (own, of) = (own(counts), |object, name| Function { object, name });
        assert_eq!(own.len(), 3);
        assert_eq!(own[&of("/usr/bin/bizauth", "_ZN7bizauth4mainE")], 13);
        assert_eq!(own[&of("/lib/libsqlite3.so", "sqlite3_step")], 100);
        assert_eq!(own[&of("/usr/bin/bizauth", "brk")], 2);
    }
}
