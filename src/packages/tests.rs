use std::{fs, io::Write as _};

use flate2::{Compression, write::GzEncoder};

use super::*;

const PROFILE: &str = r#"{"resourceType": "StructureDefinition", "url": "urn:p", "version": "1", "kind": "resource",
    "abstract": false, "type": "Patient", "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "derivation": "constraint", "fhirVersion": "4.0.1"}"#;
const SET: &str = r#"{"resourceType": "ValueSet", "url": "urn:v",
    "compose": {"include": [{"system": "urn:x", "concept": [{"code": "a"}]}]}}"#;
const FILES: &[(&str, &str)] = &[
    ("package/package.json", r#"{"name": "test"}"#),
    ("package/p.json", PROFILE),
    ("package/sets/v.json", SET),
    ("package/example/patient.json", r#"{"resourceType": "Patient"}"#),
    ("package/readme.md", "Read."),
];

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn archive(files: &[(&str, &str)]) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".tgz").tempfile().unwrap();
    let mut made = tar::Builder::new(GzEncoder::new(file.reopen().unwrap(), Compression::fast()));
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len().try_into().unwrap());
        header.set_mode(0o644);
        made.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    made.into_inner().unwrap().finish().unwrap();
    file
}

#[test]
fn a_folder_and_an_archive_of_it_load_the_same() {
    let (folder, archive) = (folder(FILES), archive(FILES));
    for path in [folder.path(), archive.path()] {
        let mut definitions = Definitions::base().unwrap();
        let contents = load(&mut definitions, path).unwrap();
        assert_eq!(
            contents,
            Contents { structures: 1, terminology: 1, messages: 0, again: 0, unused: 1, skipped: 2 }
        );
        assert_eq!(definitions.get("urn:p|1").unwrap().r#type, "Patient");
        assert!(definitions.terminology().value_set("urn:v").is_some());
    }
}

#[test]
fn every_fault_of_a_package_is_told_with_its_file() {
    let wrong = folder(&[
        ("a.json", "{"),
        ("b.json", r#"{"resourceType": "StructureDefinition"}"#),
        ("c.json", &PROFILE.replace("4.0.1", "5.0.0")),
        ("d.json", PROFILE),
    ]);
    let fault = load(&mut Definitions::base().unwrap(), wrong.path()).unwrap_err();
    let PackageFault::Definitions(faults) = &fault else { panic!("{fault}") };
    assert_eq!(faults.len(), 3);
    let text = fault.to_string();
    for part in ["a.json", "not JSON", "b.json", "url is missing", "c.json", "for FHIR 5.0.0"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn what_is_no_package_is_refused() {
    let mut definitions = Definitions::base().unwrap();
    let empty = folder(&[("readme.md", "Read.")]);
    assert!(matches!(load(&mut definitions, empty.path()), Err(PackageFault::Empty(_))));
    let nowhere = empty.path().join("nowhere");
    assert!(matches!(load(&mut definitions, &nowhere), Err(PackageFault::Unreadable(..))));
    let mut text = tempfile::NamedTempFile::new().unwrap();
    text.write_all(b"This is no archive.").unwrap();
    assert!(matches!(load(&mut definitions, text.path()), Err(PackageFault::Unreadable(..))));
}

#[test]
fn what_is_too_large_or_too_deep_is_refused() {
    let mut definitions = Definitions::base().unwrap();
    // A few kilobytes that unpack to more than a file may have.
    let bomb = archive(&[(
        "package/p.json",
        &" ".repeat(usize::try_from(limits::PACKAGE_FILE_MAX_BYTES).unwrap() + 1),
    )]);
    assert!(fs::metadata(bomb.path()).unwrap().len() < 1_000_000);
    assert!(matches!(load(&mut definitions, bomb.path()), Err(PackageFault::TooLarge(..))));
    let deep = folder(&[(&format!("{}p.json", "d/".repeat(limits::PACKAGE_DEPTH_MAX + 1)), PROFILE)]);
    assert!(matches!(load(&mut definitions, deep.path()), Err(PackageFault::TooLarge(..))));
}

/// A code list of R4 with other codes in it, or a profile of ours without its rules, would turn verdicts round.
#[test]
fn no_package_defines_anew_what_is_built_in() {
    let gender = r#"{"resourceType": "ValueSet", "url": "http://hl7.org/fhir/ValueSet/administrative-gender",
        "version": "9.0.0", "compose": {"include": [{"system": "urn:x", "concept": [{"code": "zz"}]}]}}"#;
    let mut definitions = Definitions::built_in().unwrap();
    let contents = load(&mut definitions, folder(&[("package/v.json", gender)]).path()).unwrap();
    assert_eq!((contents.terminology, contents.again), (0, 1));
    let set = "http://hl7.org/fhir/ValueSet/administrative-gender";
    let terminology = definitions.terminology();
    assert_eq!(terminology.contains(set, None, "zz"), crate::profile::terminology::Member::No);
    assert_eq!(terminology.contains(set, None, "male"), crate::profile::terminology::Member::Yes);

    let ours = PROFILE.replace("urn:p", "https://keyway.example/fhir/StructureDefinition/ld-patient");
    let fault = load(&mut definitions, folder(&[("package/p.json", &ours)]).path()).unwrap_err().to_string();
    assert!(fault.contains("Keyway defines this itself"), "{fault}");
    let version = definitions.get("https://keyway.example/fhir/StructureDefinition/ld-patient").unwrap();
    let same = ours.replace(r#""version": "1""#, &format!(r#""version": "{}""#, version.version));
    assert_eq!(load(&mut definitions, folder(&[("package/p.json", &same)]).path()).unwrap().again, 1);
}

#[test]
fn long_names_of_an_archive_are_read_within_a_limit() {
    let long = format!("package/{}/p.json", "a".repeat(150));
    let file = archive(&[(&long, PROFILE)]);
    assert_eq!(load(&mut Definitions::base().unwrap(), file.path()).unwrap().structures, 1);

    for kind in [tar::EntryType::GNULongName, tar::EntryType::XHeader] {
        let file = tempfile::Builder::new().suffix(".tgz").tempfile().unwrap();
        let mut made = tar::Builder::new(GzEncoder::new(file.reopen().unwrap(), Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(limits::PACKAGE_NAME_MAX_BYTES + 1);
        header.set_cksum();
        let name = vec![b'a'; usize::try_from(limits::PACKAGE_NAME_MAX_BYTES).unwrap() + 1];
        made.append(&header, name.as_slice()).unwrap();
        made.into_inner().unwrap().finish().unwrap();
        let fault = load(&mut Definitions::base().unwrap(), file.path()).unwrap_err().to_string();
        assert!(fault.contains("a name has more than"), "{fault}");
    }
}

#[test]
fn an_archive_is_read_to_its_end_and_its_check_sum_compared() {
    let bytes = fs::read(archive(FILES).path()).unwrap();
    let load_bytes = |bytes: &[u8]| {
        let mut file = tempfile::Builder::new().suffix(".tgz").tempfile().unwrap();
        file.write_all(bytes).unwrap();
        load(&mut Definitions::base().unwrap(), file.path())
    };
    assert_eq!(load_bytes(&bytes).unwrap().structures, 1);
    let mut wrong = bytes.clone();
    let sum = wrong.len() - 8;
    wrong[sum] ^= 1;
    assert!(matches!(load_bytes(&wrong), Err(PackageFault::Unreadable(..))));
    assert!(matches!(load_bytes(&bytes[..bytes.len() - 8]), Err(PackageFault::Unreadable(..))));
    // Padding may follow in the archive, another archive may not.
    let fault = load_bytes(&[bytes.clone(), bytes].concat()).unwrap_err().to_string();
    assert!(fault.contains("something follows the end of the archive"), "{fault}");
}

#[test]
fn an_archive_that_is_packed_in_parts_is_read_whole() {
    let mut whole = Vec::new();
    let source = fs::File::open(archive(FILES).path()).unwrap();
    io::Read::read_to_end(&mut flate2::read::GzDecoder::new(source), &mut whole).unwrap();
    let mut file = tempfile::Builder::new().suffix(".tgz").tempfile().unwrap();
    for part in whole.chunks(700) {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(part).unwrap();
        file.write_all(&packer.finish().unwrap()).unwrap();
    }
    let contents = load(&mut Definitions::base().unwrap(), file.path()).unwrap();
    assert_eq!((contents.structures, contents.terminology), (1, 1));
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let marked = format!("\u{feff}{PROFILE}");
    for package in [folder(&[("p.json", &marked)]), folder(&[("p.json", PROFILE)])] {
        assert_eq!(load(&mut Definitions::base().unwrap(), package.path()).unwrap().structures, 1);
    }
}
