//! A form of the assessment or of a request: the base that holds every field once, and a thin overlay that forbids and
//! requires.
//!
//! As JSON Schema an overlay is `allOf` the base and its own rules. Laid together, the two are one document that takes
//! the same: each place has one rule, so that whoever breaks it is told once, and in the words of the form.

use serde_json::{Map, Value};

/// Deepest nesting of an overlay.
const DEPTH_MAX: usize = 16;
/// What an overlay says of itself at its top, which narrows nothing.
const OF_ITSELF: [&str; 2] = ["$schema", "allOf"];
/// What the base allows at a place, which a narrower list takes the place of.
const CHOICES: [&str; 3] = ["enum", "const", "$ref"];

/// The document of a form.
///
/// # Errors
///
/// When the overlay is not one of this base: it names another, or a place that the base does not know, or says
/// something that is more than forbidding, requiring, choosing and describing.
pub(super) fn laid(base: &Value, overlay: &Value) -> Result<Value, String> {
    let named = overlay.pointer("/allOf/0/$ref").and_then(Value::as_str);
    if named.is_none() || named != base.get("$id").and_then(Value::as_str) {
        return Err(String::from("it is laid over another base"));
    }
    let mut form = base.clone();
    let fields = overlay.as_object().ok_or("it is no overlay")?;
    for (rule, said) in fields.iter().filter(|(rule, _)| !OF_ITSELF.contains(&rule.as_str())) {
        lay_rule(&mut form, rule, said, "", 0)?;
    }
    Ok(form)
}

fn lay(place: &mut Value, overlay: &Value, path: &str, depth: usize) -> Result<(), String> {
    if depth > DEPTH_MAX {
        return Err(format!("it is nested too deep at {path}"));
    }
    match overlay {
        Value::Bool(false) => *place = Value::Bool(false),
        Value::Object(rules) => {
            for (rule, said) in rules {
                lay_rule(place, rule, said, path, depth)?;
            }
        }
        _ => return Err(format!("it says neither a rule nor false at {path}")),
    }
    Ok(())
}

fn lay_rule(place: &mut Value, rule: &str, said: &Value, path: &str, depth: usize) -> Result<(), String> {
    let unknown = |path: &str| format!("the base has no {path}");
    let held = place.as_object_mut().ok_or_else(|| unknown(path))?;
    match rule {
        "properties" => {
            let fields = held.get_mut(rule).and_then(Value::as_object_mut);
            let fields = fields.ok_or_else(|| unknown(&format!("{path}/*")))?;
            for (name, narrower) in said.as_object().into_iter().flatten() {
                let path = format!("{path}/{name}");
                let field = fields.get_mut(name).ok_or_else(|| unknown(&path))?;
                lay(field, narrower, &path, depth + 1)?;
            }
        }
        "items" => {
            let path = format!("{path}/*");
            lay(held.get_mut(rule).ok_or_else(|| unknown(&path))?, said, &path, depth + 1)?;
        }
        "required" => require(held, said),
        "enum" | "const" => {
            for choice in CHOICES {
                held.shift_remove(choice);
            }
            held.insert(String::from(rule), said.clone());
        }
        "$id" | "title" | "description" | "maxItems" => {
            held.insert(String::from(rule), said.clone());
        }
        // A condition stands beside the base's rules and can only narrow them; in place of one of the base's it could
        // not.
        "if" | "then" | "else" if !held.contains_key(rule) => {
            held.insert(String::from(rule), said.clone());
        }
        _ => return Err(format!("it says {rule} at {path}, which no overlay may")),
    }
    Ok(())
}

/// What the form requires beside what the base does.
fn require(held: &mut Map<String, Value>, said: &Value) {
    let mut all = held.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let more = said.as_array().into_iter().flatten();
    let more: Vec<Value> = more.filter(|name| !all.contains(name)).cloned().collect();
    all.extend(more);
    held.insert(String::from("required"), Value::Array(all));
}
