//! A service's own site adapters are loaded with the gateway, or keep it from starting.

use super::*;
use crate::app::StartError;

const ADAPTER: &str = include_str!("../../../profiles/sites/portsmouth/adapter.toml");

/// Settings that name a folder of adapters, with one called `name` that says this.
fn settings(folder: &Path, name: &str, text: &str) -> Config {
    let pki = Pki::new(folder);
    let file = pki.furnish();
    let mut settings = std::fs::read_to_string(&file).unwrap();
    settings.push_str("[sites]\nfolders = [\"ours\"]\n");
    std::fs::write(&file, settings).unwrap();
    let site = folder.join("ours").join(name);
    std::fs::create_dir_all(&site).unwrap();
    std::fs::write(site.join("adapter.toml"), text).unwrap();
    let config = Config::load(&file).unwrap();
    App::migrate(&config).unwrap();
    config
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_services_own_adapter_is_loaded_without_a_build() {
    let folder = tempfile::tempdir().unwrap();
    let text = ADAPTER.replace("adapter = \"portsmouth\"", "adapter = \"harbour\"");
    let gateway = App::start(settings(folder.path(), "harbour", &text)).await.unwrap();
    let known = gateway.exchange.adapters.get("harbour").unwrap();
    assert_eq!(known.adapter.label(), "harbour/2");
    assert!(known.file.as_ref().unwrap().ends_with("ours/harbour/adapter.toml"));
    gateway.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adapter_with_a_mistake_or_anothers_name_keeps_the_gateway_from_starting() {
    for (name, text, expected) in [
        (
            "harbour",
            ADAPTER.replace("\"portsmouth\"", "\"harbour\"").replacen("\nto = ", "\ninto = ", 1),
            ":",
        ),
        ("portsmouth", ADAPTER.to_owned(), "the adapter portsmouth is compiled in"),
        ("harbour", ADAPTER.to_owned(), "the adapter is called portsmouth, and its folder harbour"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let config = settings(folder.path(), name, &text);
        let Err(fault) = App::start(config.clone()).await else { panic!("{name} was taken") };
        let told = fault.to_string();
        assert!(matches!(fault, StartError::Adapters(_)) && told.contains(expected), "{told}");
        assert!(told.contains(&format!("ours/{name}/adapter.toml")), "{told}");
        if expected == ":" {
            let line = text.lines().position(|line| line.contains("into =")).unwrap() + 1;
            assert!(told.contains(&format!("adapter.toml:{line}:")), "{told}");
        }
        assert!(App::site_adapters(&config.site_folders).is_err(), "and check-config says so");
    }
}
