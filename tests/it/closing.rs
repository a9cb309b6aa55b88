//! The books themselves: that they find what they are there to find.

use crate::harness::{Assessment, Behaviour, CMHT, Gateway, Person, books, logs};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[should_panic(expected = "closes its books")]
async fn a_test_that_forgets_to_finish_fails() {
    drop(Gateway::start().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[should_panic(expected = "deliveries were set aside")]
async fn a_delivery_that_was_set_aside_unannounced_fails_its_test() {
    let gateway = Gateway::start().await;
    gateway.cmht_server.behave(Behaviour::Answer(422, "", ""));
    gateway.submit("k-1", &Assessment::of(&Person::new(0)).only_to(&[CMHT])).await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_log_line_names_anybody() {
    let gateway = Gateway::start().await;
    gateway.submit("k-1", &Assessment::of(&Person::new(0))).await;
    gateway.settle().await;
    let lines = logs::lines();
    assert!(lines.iter().any(|l| l.contains("/assessments")), "requests are logged");
    assert!(lines.iter().any(|l| l.contains("attempt ended")), "attempts are logged");
    gateway.finish().await;
}

#[test]
#[should_panic(expected = "in the clear")]
fn a_name_in_the_database_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keyway.db");
    std::fs::write(&file, b"\x00\x01Quillfeather\x02").unwrap();
    books::check_database_files(&file);
}
