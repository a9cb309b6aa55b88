//! What a message is made of, where its header names a definition that is known here.

use serde_json::{Map, Value};

use super::{graph::Node, place::Step, walk::Walk};
use crate::profile::{definition::MessageDefinition, finding::Severity};

impl<'a> Walk<'a> {
    /// Checks a message against the definition that its header names.
    pub(super) fn message(&mut self, node: &'a Node, bundle: &'a Map<String, Value>) {
        let entries = bundle.get("entry").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let Some(header) = entries.first().and_then(|entry| entry.get("resource")) else { return };
        if bundle.get("type").and_then(Value::as_str) != Some("message")
            || header.get("resourceType").and_then(Value::as_str) != Some("MessageHeader")
        {
            return;
        }
        let Some(canonical) = header.get("definition").and_then(Value::as_str) else { return };
        let order = bundle.keys().position(|key| key == "entry").unwrap_or(0);
        let depth = self.place.depth();
        for step in
            [Step::Key("entry"), Step::Index(0), Step::Key("resource"), Step::Resource("MessageHeader")]
        {
            self.place.enter(step, if matches!(step, Step::Key("entry")) { order } else { 0 });
        }
        let program = self.program;
        let known = find(&program.messages, canonical);
        match known {
            None => self.say(Severity::Information, "not-found", node, "definition", || {
                (
                    "message definition".into(),
                    "This definition of a message is not known here; the message was not checked against it."
                        .into(),
                )
            }),
            Some(definition) => self.event(node, definition, header),
        }
        self.place.leave_to(depth);
        if let Some(definition) = known {
            self.contents(definition, entries);
        }
    }

    fn event(&mut self, node: &'a Node, definition: &'a MessageDefinition, header: &'a Value) {
        let Some((system, code)) = &definition.event else { return };
        let coding = header.get("eventCoding");
        let part = |name: &str| coding.and_then(|coding| coding.get(name)).and_then(Value::as_str);
        let agrees = if code.is_empty() {
            header.get("eventUri").and_then(Value::as_str) == Some(system)
        } else {
            part("system") == Some(system) && part("code") == Some(code)
        };
        if !agrees {
            self.say(Severity::Error, "value", node, "event", || {
                let wanted = if code.is_empty() { system.clone() } else { format!("{system}#{code}") };
                ("message event".into(), format!("The event of a message of this definition is {wanted}."))
            });
        }
    }

    fn contents(&mut self, definition: &'a MessageDefinition, entries: &'a [Value]) {
        let kinds = entries.iter().filter_map(|entry| entry.get("resource")?.get("resourceType")?.as_str());
        let kinds: Vec<&str> = kinds.collect();
        for focus in &definition.focus {
            let count = kinds.iter().filter(|kind| **kind == focus.code).count()
                + usize::from(focus.code == "Bundle");
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            let rule = || format!("message contents {}", focus.code);
            let source = match definition.version.as_str() {
                "" => definition.url.clone(),
                version => format!("{}|{version}", definition.url),
            };
            if count < focus.min {
                self.said.add(Severity::Error, "required", &self.place, "entry", &source, || {
                    let least = focus.min;
                    (
                        rule(),
                        format!(
                            "A message of this definition holds at least {least} {}; {count} found.",
                            focus.code
                        ),
                    )
                });
            }
            if let Some(most) = focus.max.filter(|most| count > *most) {
                self.said.add(Severity::Error, "structure", &self.place, "entry", &source, || {
                    (
                        rule(),
                        format!(
                            "A message of this definition holds at most {most} {}; {count} found.",
                            focus.code
                        ),
                    )
                });
            }
        }
    }
}

/// The definition of this canonical URL; without a version the last that was loaded.
fn find<'d>(all: &'d [MessageDefinition], canonical: &str) -> Option<&'d MessageDefinition> {
    let (url, version) =
        canonical.split_once('|').map_or((canonical, None), |(url, version)| (url, Some(version)));
    all.iter().rev().find(|one| one.url == url && version.is_none_or(|version| version == one.version))
}
