//! Which key-encryption key opens which database.

use super::{App, bench};
use crate::{app::StartError, exchange::RootKeyError};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_key_encryption_key_does_not_start_and_harms_nothing() {
    let bench = bench().await;
    let kept = bench.gateway.exchange.store.root_key().await.unwrap().unwrap();
    bench.gateway.shutdown().await;

    let file = bench.pki.folder.join("keys/key-encryption.key");
    std::fs::write(&file, "1f".repeat(32)).unwrap();
    let Err(error) = App::start(bench.config.clone()).await else { panic!("it started") };
    assert!(matches!(error, StartError::RootKey(RootKeyError::AnotherKeyEncryptionKey)), "{error}");
    assert!(error.to_string().contains("key-encryption key"));

    std::fs::write(&file, "0f".repeat(32)).unwrap();
    let again = App::start(bench.config).await.unwrap();
    assert_eq!(again.exchange.store.root_key().await.unwrap(), Some(kept));
    again.shutdown().await;
}
