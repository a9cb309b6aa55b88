//! What somebody changed in the log's tables is found, column by column.

use keyway::{audit::verify::What, exchange::verify_log};

use crate::harness::{Rig, assessment};

async fn fault_after(sql: &str) -> What {
    let rig = Rig::new().await;
    rig.submit(&assessment(&["court-harbour"]), "k1").await.unwrap();
    rig.audit().await;
    let database = rusqlite::Connection::open(&rig.database).unwrap();
    assert!(database.execute(sql, []).unwrap() > 0, "{sql}");
    verify_log(rig.store.as_ref(), |_| {}).await.unwrap().unwrap_err().what
}

#[tokio::test]
async fn a_changed_column_is_found() {
    for column in ["site_id", "person_id", "referral_id", "partner_id", "kind"] {
        let of_one = format!("(SELECT MAX(log_index) FROM audit_entry WHERE {column} IS NOT NULL)");
        let other = format!("UPDATE audit_entry SET {column} = 'elsewhere' WHERE log_index = {of_one}");
        assert_eq!(fault_after(&other).await, What::Column(column));
    }
    for column in ["person_id", "referral_id", "partner_id"] {
        let gone = format!("UPDATE audit_entry SET {column} = NULL WHERE {column} IS NOT NULL");
        assert_eq!(fault_after(&gone).await, What::Column(column));
    }
    let later = "UPDATE audit_entry SET at = at + 1 WHERE log_index = 0";
    assert_eq!(fault_after(later).await, What::Column("at"));
}

#[tokio::test]
async fn a_changed_head_is_found() {
    assert_eq!(fault_after("UPDATE log_head SET size = size + 1").await, What::Size);
    assert_eq!(fault_after("UPDATE log_head SET root = zeroblob(32)").await, What::Root);
    let empty = "UPDATE log_head SET frontier = x'0000000000000000'";
    assert_eq!(fault_after(empty).await, What::Frontier);
}
