use super::*;

fn own(name: &str) -> AdapterFile {
    let text = include_str!("../../profiles/sites/portsmouth/adapter.toml")
        .replace("adapter = \"portsmouth\"", &format!("adapter = \"{name}\""));
    AdapterFile { file: format!("/srv/sites/{name}/adapter.toml"), folder: name.to_owned(), text }
}

fn built_in() -> Arc<Adapters> {
    Adapters::built_in(&Profiles::compile().expect("the profiles compile")).expect("no mistake")
}

fn told(files: &[AdapterFile]) -> Vec<String> {
    built_in().with(files).expect_err("it is refused").iter().map(ToString::to_string).collect()
}

#[test]
fn a_services_own_adapter_stands_beside_those_that_are_compiled_in() {
    let all = built_in().with(&[own("harbour")]).expect("no fault");
    let names: Vec<&str> = all.all().map(|known| known.adapter.name()).collect();
    assert_eq!(names, ["cass", "harbour", "mo-del", "penrose-fusion", "portsmouth"]);
    let (own, shipped) = (all.get("harbour").unwrap(), all.get("portsmouth").unwrap());
    assert_eq!((own.file.is_some(), shipped.file.is_some()), (true, false));
    assert!(own.sha256.len() == 64 && own.sha256 != shipped.sha256);
    assert!(built_in().get("harbour").is_none(), "only where it was named");
}

#[test]
fn no_adapter_takes_the_place_of_another() {
    assert_eq!(
        told(&[own("cass")]),
        [
            "/srv/sites/cass/adapter.toml: the adapter cass is compiled in: choose a name of its own for this one"
        ]
    );
    let twice = AdapterFile { file: String::from("/srv/more/harbour/adapter.toml"), ..own("harbour") };
    assert_eq!(
        told(&[own("harbour"), twice]),
        [
            "/srv/more/harbour/adapter.toml: there are two adapters called harbour: the other is /srv/sites/harbour/adapter.toml"
        ]
    );
    let elsewhere = AdapterFile { folder: String::from("dock"), ..own("harbour") };
    assert!(told(&[elsewhere]).first().is_some_and(|text| text.contains("its folder dock")));
}

#[test]
fn mistakes_are_told_of_every_file_with_line_and_column() {
    let wrong = |name: &str| {
        let mut file = own(name);
        file.text = file.text.replace("/person/name/family", "/person/name/famly");
        file
    };
    assert_ne!(wrong("a").text, own("a").text);
    let told = told(&[wrong("north"), own("harbour"), wrong("south")]);
    assert_eq!(told.len(), 2);
    for (text, name) in told.iter().zip(["north", "south"]) {
        assert!(text.contains("2 mistake(s)"), "{text}");
        let line = wrong(name).text.lines().position(|line| line.contains("famly")).unwrap() + 1;
        assert!(text.contains(&format!("/srv/sites/{name}/adapter.toml:{line}:")), "{text}");
        assert!(text.contains("^^^") && text.contains("/person/name/family"), "{text}");
    }
}

#[test]
fn so_many_adapters_and_no_more() {
    let many: Vec<AdapterFile> = (0..=limits::SITE_ADAPTERS_MAX).map(|n| own(&format!("team-{n}"))).collect();
    assert!(told(&many).first().is_some_and(|text| text.starts_with("sites.folders: at most 100 adapters")));
}
