//! What of a message was read, noted where it is read. What nobody noted stays in the message and is told to its sender: so
//! nothing is lost in silence because a list of what is read was longer than the reading.

use std::{cell::RefCell, collections::HashSet, ptr};

use serde_json::Value;

/// The nodes of one message that were read. A node that is noted is read with all that it holds; it is known by where it
/// stands in memory, so this is of use only beside the message that it was made for.
#[derive(Debug, Default)]
pub(super) struct Taken(RefCell<HashSet<*const Value>>);

impl Taken {
    /// Notes a node.
    pub(super) fn note<'v>(&self, node: &'v Value) -> &'v Value {
        self.0.borrow_mut().insert(ptr::from_ref(node));
        node
    }

    /// The node at a pointer, noted.
    pub(super) fn at<'v>(&self, value: &'v Value, pointer: &str) -> Option<&'v Value> {
        value.pointer(pointer).map(|node| self.note(node))
    }

    /// The text at a pointer, noted.
    pub(super) fn text<'v>(&self, value: &'v Value, pointer: &str) -> Option<&'v str> {
        self.at(value, pointer).and_then(Value::as_str)
    }

    /// Notes these fields of a value.
    pub(super) fn fields(&self, value: &Value, names: &[&str]) {
        for name in names {
            if let Some(node) = value.get(name) {
                self.note(node);
            }
        }
    }

    /// Whether this very node was noted.
    pub(super) fn has(&self, node: &Value) -> bool {
        self.0.borrow().contains(&ptr::from_ref(node))
    }
}
