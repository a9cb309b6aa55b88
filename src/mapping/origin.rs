//! Where in what came in a field of the form that was made of it comes from.

/// The place of the nearest field at or above `pointer`, among pairs of a JSON pointer into the form and a place in what came
/// in; `None` where nothing was written at or above it.
pub(super) fn nearest<'p>(places: &'p [(String, String)], pointer: &str) -> Option<&'p str> {
    let above = places.iter().filter(|(field, _)| {
        pointer.strip_prefix(field.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    above.max_by_key(|(field, _)| field.len()).map(|(_, place)| place.as_str())
}
