//! What an operator is told about a settings file.

use std::path::Path;

use super::{Config, Database, LogFormat, SAMPLE, material::Material, problem::Problem};
use crate::clock::Moment;

fn read(text: &str) -> Result<Config, Vec<String>> {
    Config::read(text, Path::new("/etc/keyway/keyway.toml"))
        .map_err(|problems| problems.iter().map(Problem::to_string).collect())
}

#[test]
fn the_sample_holds_every_setting_and_is_what_an_empty_file_means() {
    let (from_sample, from_nothing) = (read(SAMPLE).unwrap(), read("").unwrap());
    assert_eq!(from_sample, from_nothing);
    assert_eq!(from_nothing.log.format, LogFormat::Json);
    assert_eq!(from_nothing.database, Database::Sqlite("/etc/keyway/keyway.db".into()));
    assert_eq!(from_nothing.outbound.retry_seconds, crate::limits::RETRY_SECONDS);
    assert_eq!(from_nothing.outbound.attempts_max, crate::limits::ATTEMPTS_MAX);
    assert!(
        !from_nothing.outbound.allow_loopback,
        "going to this machine itself is asked for, never a default"
    );
}

#[test]
fn a_bare_file_name_means_this_folder() {
    let config = Config::read("", Path::new("keyway.toml")).unwrap();
    assert_eq!(config.database, Database::Sqlite("./keyway.db".into()));
}

#[test]
fn a_file_needs_only_what_differs() {
    let config = read("[partners]\nlisten = \"0.0.0.0:443\"\n[log]\nformat = \"text\"\n").unwrap();
    assert_eq!(config.partners.listen.to_string(), "0.0.0.0:443");
    assert_eq!(config.partners.tls.key_file, Path::new("/etc/keyway/tls/gateway-key.pem"));
    assert_eq!(config.log.format, LogFormat::Text);
}

#[test]
fn every_unknown_key_and_wrong_type_is_reported_with_its_line() {
    let problems = read(
        "[site]\nnmae = \"x\"\n\n[partner]\nlisten = \"\"\n[outbound]\nallow_loopback = \"yes\"\nretry_seconds = [1, \"2\"]\n\
         [profiles]\npackages = [1]\n",
    )
    .unwrap_err();
    assert_eq!(problems.len(), 5, "{problems:#?}");
    assert!(problems[0].starts_with("/etc/keyway/keyway.toml:"), "{}", problems[0]);
    let all = problems.join("\n");
    assert!(all.contains("keyway.toml:2: unknown key `site.nmae`; known: `id`, `name`"), "{all}");
    assert!(all.contains("keyway.toml:4: unknown key `partner`"), "{all}");
    assert!(all.contains("keyway.toml:7: `outbound.allow_loopback` must be true or false"), "{all}");
    assert!(all.contains("keyway.toml:8: `outbound.retry_seconds` must be a list of whole numbers"), "{all}");
    assert!(all.contains("keyway.toml:10: `profiles.packages` must be a list of texts in quotes"), "{all}");
}

#[test]
fn each_domain_of_the_grid_has_its_highest_score() {
    let config = read("[assessment.tag_max]\nsurvival = 3\n").unwrap();
    let mut most = crate::assessment::TagMax::default();
    assert!(config.tag_max != most && most.set("survival", 3));
    assert_eq!(config.tag_max, most);
    for (text, wanted) in [
        ("[assessment.tag_max]\nsurvival = 5\n", "assessment.tag_max.survival: must be from 0 to 4"),
        ("[assessment.tag_max]\ntotal = 3\n", "unknown key `assessment.tag_max.total`"),
    ] {
        let problems = read(text).unwrap_err();
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(all.join("\n").contains(wanted), "{all:?}");
    }
}

#[test]
fn packages_lie_where_the_file_says() {
    let config = read("[profiles]\npackages = [\"fhir/ukcore\", \"/srv/bars.tgz\"]\n").unwrap();
    assert_eq!(config.packages, [Path::new("/etc/keyway/fhir/ukcore"), Path::new("/srv/bars.tgz")]);
}

#[test]
fn broken_toml_is_reported_with_its_line() {
    let problems = read("[site]\nid = \"a\nname = \"b\"\n").unwrap_err();
    assert!(problems[0].starts_with("/etc/keyway/keyway.toml:2: "), "{problems:?}");
    let problems = read("[site]\nid = \"a\"\nid = \"b\"\n").unwrap_err();
    assert!(problems[0].contains(":3: "), "{problems:?}");
}

#[test]
fn every_bad_value_is_reported() {
    let problems = read(
        r#"
        [site]
        id = "no spaces"
        name = " "
        [gateway]
        base_url = "http://x/"
        [partners]
        listen = "localhost"
        certificate_file = ""
        [public]
        listen = "0.0.0.0:8445"
        [database]
        url = "postgres://db/keyway"
        [outbound]
        retry_seconds = []
        attempts_max = 0
        [profiles]
        packages = [""]
        [log]
        format = "xml"
        level = "loud=very"
        "#,
    )
    .unwrap_err();
    let all = problems.join("\n");
    for expected in [
        "site.id: ",
        "site.name: ",
        "gateway.base_url: must be https://",
        "partners.listen: must be an IP address and a port",
        "partners.certificate_file: must name a file",
        "public.certificate_file: is needed",
        "operators.listen: has the same port as public.listen",
        "database.url: PostgreSQL is not yet offered",
        "outbound.retry_seconds: ",
        "outbound.attempts_max: ",
        "profiles.packages: ",
        "log.format: ",
        "log.level: ",
    ] {
        assert!(all.contains(expected), "{expected} is missing from:\n{all}");
    }
    assert_eq!(problems.len(), 13, "{all}");
}

/// Writes a whole set of keys and certificates into `folder`, as the defaults name them.
fn furnish(folder: &Path) {
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = rcgen::CertifiedIssuer::self_signed(params, ca_key).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec![String::from("localhost")]).unwrap();
    let leaf = leaf.signed_by(&key, &ca).unwrap();
    let ed25519 = || rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap().serialize_pem();
    for (name, text) in [
        ("tls/gateway.pem", leaf.pem()),
        ("tls/gateway-key.pem", key.serialize_pem()),
        ("tls/partners-ca.pem", ca.pem()),
        ("keys/key-encryption.key", "0f".repeat(32)),
        ("keys/event-signing.pem", ed25519()),
        ("keys/token-signing.pem", ed25519()),
    ] {
        let file = folder.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
}

fn material(folder: &Path) -> Result<Material, String> {
    let config = Config::read("", &folder.join("keyway.toml")).unwrap();
    config
        .load_material()
        .map_err(|problems| problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"))
}

#[test]
fn a_furnished_folder_loads() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let material = material(folder.path()).unwrap();
    assert_eq!(*material.key_encryption_key, [0x0f; 32]);
    assert_eq!(material.partners.chain.len(), 1);
    assert!(material.public.is_none());
}

#[test]
fn every_missing_file_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let all = material(folder.path()).unwrap_err();
    assert_eq!(all.lines().count(), 9, "{all}");
    assert!(all.contains("partners.certificate_file: "), "{all}");
    assert!(all.contains("keys.token_signing_key_file: "), "{all}");
    assert!(all.lines().all(|line| line.ends_with(" is not there")), "{all}");
}

#[test]
fn where_there_are_no_settings_it_is_said_how_to_get_some() {
    let folder = tempfile::tempdir().unwrap();
    let told = Config::load_all(&folder.path().join("keyway.toml")).unwrap_err();
    assert_eq!(told.len(), 1);
    assert!(told[0].text.starts_with("is not there; --config "), "{}", told[0]);
    assert!(told[0].text.contains("`keyway check-config --print-sample`"), "{}", told[0]);
}

#[test]
fn a_file_that_holds_something_else_is_reported_without_its_content() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
    put("tls/gateway-key.pem", &other);
    put("tls/partners-ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    put("keys/key-encryption.key", "c2hvcnQ=");
    put("keys/event-signing.pem", &other);
    let all = material(folder.path()).unwrap_err();
    for expected in [
        "partners.key_file: is not the key of the certificate",
        "partners.client_ca_file: ",
        "outbound.ca_file: ",
        "keys.key_encryption_key_file: ",
        "keys.event_signing_key_file: ",
    ] {
        assert!(all.contains(expected), "{expected} is missing from:\n{all}");
    }
    assert!(!all.contains("c2hvcnQ"), "a value was echoed:\n{all}");
}

#[test]
fn one_key_never_signs_both_events_and_tokens() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let keys = folder.path().join("keys");
    std::fs::copy(keys.join("event-signing.pem"), keys.join("token-signing.pem")).unwrap();
    assert!(material(folder.path()).unwrap_err().contains("must not hold the same key"));
}

#[test]
fn documents_have_a_key_of_their_own_and_those_that_are_retired_are_public_ones() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let at = |name: &str| folder.path().join(name);
    let settings = "[keys]\ndocument_signing_key_file = \"document.pem\"\n\
                    retired_document_keys_file = \"retired.json\"\n";
    let loaded = || {
        let config = Config::read(settings, &at("keyway.toml")).unwrap();
        config
            .load_material()
            .map_err(|problems| problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"))
    };
    let pem = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap().serialize_pem();
    std::fs::write(at("document.pem"), pem).unwrap();
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let public = format!(
        r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"}}"#
    );
    std::fs::write(at("retired.json"), format!(r#"{{"keys":[{public}]}}"#)).unwrap();
    let material = loaded().unwrap();
    assert!(material.document_signing_key.is_some());
    assert_eq!(material.retired_document_keys.len(), 1);
    // A private key, another name, no set: none of them is shown to anybody.
    for wrong in [
        format!(r#"{{"keys":[{},"d":"AAAA"}}]}}"#, public.trim_end_matches('}')),
        format!(r#"{{"keys":[{}]}}"#, public.replace("kPrK", "kPrL")),
        String::from("[]"),
    ] {
        std::fs::write(at("retired.json"), wrong).unwrap();
        assert!(loaded().unwrap_err().contains("keys.retired_document_keys_file: "));
    }
    std::fs::write(at("retired.json"), r#"{"keys":[]}"#).unwrap();
    std::fs::copy(at("keys/token-signing.pem"), at("document.pem")).unwrap();
    assert!(loaded().unwrap_err().contains("must not hold the key that signs events or tokens"));
}

#[test]
fn what_is_wrong_in_the_file_and_behind_it_is_reported_together() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    std::fs::remove_file(folder.path().join("keys/token-signing.pem")).unwrap();
    let file = folder.path().join("keyway.toml");
    let text = "[site]\nnmae = 1\n[partners]\nlisten = \"nowhere\"\nkey_file = \"\"\n\
                [database]\nurl = \"sqlite:none/keyway.db\"\n";
    std::fs::write(&file, text).unwrap();
    let problems = Config::load_all(&file).unwrap_err();
    let all = problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n");
    for expected in [
        "keyway.toml:2: unknown key `site.nmae`",
        "partners.listen: must be",
        "partners.key_file: must name a file",
        "database.url: the folder of",
        "keys.token_signing_key_file: ",
    ] {
        assert!(all.contains(expected), "{expected} is missing from:\n{all}");
    }
    assert_eq!(problems.len(), 5, "{all}");
    std::fs::write(&file, "").unwrap();
    furnish(folder.path());
    Config::load_all(&file).unwrap();
}

#[test]
fn a_certificate_that_has_ended_is_a_problem_and_one_that_ends_soon_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    // What is furnished ends with the year 4095.
    let material = material(folder.path()).unwrap();
    let at = |text: &str| Moment::from_rfc3339(text).unwrap();
    let told =
        |problems: Vec<Problem>| problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n");
    let (early, soon, late) =
        (at("4095-11-01T00:00:00Z"), at("4095-12-12T00:00:00Z"), at("4096-01-02T00:00:00Z"));
    assert_eq!((told(material.ended(early)), told(material.ending(early))), (String::new(), String::new()));
    assert_eq!(told(material.ended(soon)), "");
    let ending = told(material.ending(soon));
    assert!(
        ending.contains("partners.certificate_file: the certificate ends on 4096-01-01, in 20 days"),
        "{ending}"
    );
    let ended = told(material.ended(late));
    assert!(ended.contains("outbound.certificate_file: the certificate ended on 4096-01-01"), "{ended}");
    assert!(material.ending(late).is_empty());
}

#[cfg(unix)]
#[test]
fn a_key_that_others_may_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let config = Config::read("", &folder.path().join("keyway.toml")).unwrap();
    let mode = |name: &str, mode: u32| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(folder.path().join(name), mode).unwrap();
    };
    for name in ["tls/gateway-key.pem", "keys/event-signing.pem", "keys/token-signing.pem"] {
        mode(name, 0o600);
    }
    mode("keys/key-encryption.key", 0o640);
    let told: Vec<String> = config.open_keys().iter().map(Problem::to_string).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("keys.key_encryption_key_file: ") && told[0].contains("chmod 600"),
        "{told:?}"
    );
}
