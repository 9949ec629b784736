//! The messages of validation, as a table: `problems.txt` has documents, each followed by what is wrong with it.
//!
//! `BLESS=1 cargo test -p netsplit-scenario --test problems` writes the table anew; read the difference.

mod common;

use netsplit_scenario::read;
use std::fmt::Write as _;

#[test]
fn the_table_of_messages() {
    let catalogue = common::catalogue();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/problems.txt");
    let table = std::fs::read_to_string(path).unwrap();
    let mut made = String::new();
    for line in table.lines().filter(|line| !line.starts_with("! ") && *line != "fine") {
        writeln!(made, "{line}").unwrap();
        if line.is_empty() || line.starts_with("# ") {
            continue;
        }
        // `~` stands for the least that a document needs.
        let text = line
            .replace('~', r#""version": 1, "system": {"pattern": "leader_election", "algorithm": "raft"}"#);
        match read(&text, &catalogue) {
            Ok(_) => writeln!(made, "fine").unwrap(),
            Err(problems) => {
                problems
                    .list
                    .iter()
                    .for_each(|problem| writeln!(made, "! [{}] {problem}", problem.code).unwrap());
            }
        }
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, made).unwrap();
        return;
    }
    for (made, table) in made.lines().zip(table.lines()) {
        assert_eq!(made, table);
    }
    assert_eq!(made.lines().count(), table.lines().count());
}
