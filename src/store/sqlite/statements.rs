//! Every statement against a migrated file: it prepares, and it finds its rows by an index.

use rusqlite::Connection;

use super::{Durability, connection, migrate};
use crate::store::{dialect, sql};

fn migrated() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keyway.db");
    migrate(&file).unwrap();
    let connection = connection::open(&file, Durability::Full).unwrap();
    (folder, connection)
}

fn all() -> Vec<(&'static str, &'static str)> {
    let mut all = sql::all();
    all.push(("DUE_LANES", dialect::sqlite::DUE_LANES));
    all
}

#[test]
fn every_statement_prepares() {
    let (_folder, connection) = migrated();
    for (name, sql) in all() {
        let statement = connection.prepare(sql).unwrap_or_else(|e| panic!("{name}: {e}"));
        let highest = (1..=40).filter(|n| sql.contains(&format!("${n}"))).max().unwrap_or(0);
        assert_eq!(statement.parameter_count(), highest, "{name}");
    }
}

/// A statement that reads a whole table, or sorts what an index could have given in order, is slow only once the
/// table is large: so it is looked for here. Meant are: counting by status, counting up to a limit (`counted`), the
/// tables of root keys (one row), of the keys of the log and of officers (a few), whether there is any person (the first row
/// found), and sorting a few rows (ties, one person's consents, one partner's agreements, the messages under one wire id).
#[test]
fn every_statement_finds_its_rows_by_an_index() {
    const SCANS: [&str; 5] = ["DELIVERY_COUNTS", "LOG_KEYS", "OFFICERS", "ROOT_KEY", "PUT_ROOT_KEY"];
    const SORTS: [&str; 8] = [
        "CONSENTS_AT",
        "CONSENTS_OF",
        "AGREEMENTS",
        "DELIVERY_COUNTS",
        "MESSAGE_BY_WIRE_ID",
        "MESSAGE_BY_DISCLOSURE",
        "DELIVERY_OF_MESSAGE",
        "LOG_KEYS",
    ];
    let (_folder, connection) = migrated();
    let mut slow = Vec::new();
    for (name, sql) in all() {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let line: String = row.get(3).unwrap();
            let scans = line.starts_with("SCAN")
                && !SCANS.contains(&name)
                && line != "SCAN counted"
                && !line.contains("CONSTANT ROW")
                && !line.contains("INDEX audit_waiting");
            let sorts = line.contains("TEMP B-TREE FOR ORDER BY") && !SORTS.contains(&name);
            if scans || sorts {
                slow.push(format!("{name}: {line}"));
            }
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}
