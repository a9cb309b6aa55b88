//! From definitions to the program: once, at start.

mod discriminator;
mod element;
mod shape;
mod tree;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use tree::Tree;

use super::{
    Unevaluated,
    graph::{Graph, Node, NodeId, Origin, OriginId, Shape, ShapeId},
    invariant::{Invariant, Run},
    keys::{Hit, Keys},
};
use crate::profile::{
    Table,
    definition::{Context, DefinitionFault, Definitions, Kind},
    path::{Common, Expression},
    terminology::Terminology,
};

/// Where base R4 keeps its definitions.
pub(super) const R4: &str = "http://hl7.org/fhir/StructureDefinition/";

/// What a type is derived from, by name.
type Ancestors = Box<[Box<str>]>;

/// The program while it is made.
pub(super) struct Builder<'d> {
    definitions: &'d Definitions,
    terminology: &'d Terminology,
    pub(super) graph: Graph,
    /// Definitions that were asked for; `None`: not loaded.
    trees: HashMap<String, Option<Tree>>,
    /// Shapes that exist, by definition and element.
    shapes: HashMap<(usize, usize), ShapeId>,
    /// Definitions whose root exists, by what is in `trees`.
    origins: Vec<Tree>,
    /// Shapes still to be filled.
    pending: VecDeque<(ShapeId, OriginId, usize)>,
    /// Types with what they are derived from.
    types: Vec<(Box<str>, Ancestors)>,
    /// Shapes by the path of their element.
    paths: Vec<(Box<str>, ShapeId)>,
    invariants: HashMap<(String, String, String), Option<super::graph::InvariantId>>,
    pub(super) faults: Vec<DefinitionFault>,
    /// What is no fault and is not checked.
    notes: Vec<DefinitionFault>,
}

impl<'d> Builder<'d> {
    pub(super) fn new(definitions: &'d Definitions, terminology: &'d Terminology) -> Self {
        Self {
            definitions,
            terminology,
            graph: Graph::default(),
            trees: HashMap::new(),
            shapes: HashMap::new(),
            origins: Vec::new(),
            pending: VecDeque::new(),
            types: Vec::new(),
            paths: Vec::new(),
            invariants: HashMap::new(),
            faults: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Compiles every definition.
    pub(super) fn build(&mut self) {
        let mut urls: Vec<String> = self.definitions.urls().map(str::to_owned).collect();
        urls.sort();
        for url in &urls {
            if let Err(fault) = self.definitions.get(url) {
                self.faults.push(fault);
                continue;
            }
            self.root(url);
            self.fill();
        }
        self.graph.element = self.type_shape("Element");
        self.graph.extension = self.root(&format!("{R4}Extension"));
        self.fill();
        let mut resources = Table::default();
        for (url, root) in &self.graph.roots {
            let Some(origin) = self.graph.node(*root).and_then(|node| self.graph.origin_of(node)) else {
                continue;
            };
            if origin.is_resource && **url == *format!("{R4}{}", origin.type_name) {
                resources.insert(origin.type_name.clone(), *root);
            }
        }
        self.graph.resources = resources;
        self.share();
        let hit = |child: usize| Hit { child, alternative: 0 };
        let paths = std::mem::take(&mut self.paths);
        self.graph.by_path = Keys::new(paths.into_iter().map(|(path, shape)| (path, hit(shape.0))).collect());
        let (names, bases): (Vec<_>, Vec<_>) = std::mem::take(&mut self.types).into_iter().unzip();
        self.graph.types = Keys::new(names.into_iter().enumerate().map(|(n, name)| (name, hit(n))).collect());
        self.graph.bases = bases;
    }

    /// Lets the rules of each element find once what they have in common.
    fn share(&mut self) {
        let Graph { nodes, invariants, .. } = &mut self.graph;
        let mut common = Common::default();
        for node in nodes.iter().filter(|node| node.invariants.len() > 1) {
            let rules = node.invariants.iter().filter_map(|id| invariants.get(id.0));
            let together = rules.filter_map(|rule| match &rule.run {
                Run::Path(expression) => Some(expression),
                Run::Native(_) | Run::Not(_) => None,
            });
            Expression::learn(&mut common, together);
        }
        for invariant in invariants {
            if let Run::Path(expression) = &mut invariant.run {
                expression.mark(&mut common);
            }
        }
    }

    /// Every rule that is not checked, and why.
    pub(super) fn unevaluated(&self) -> Vec<Unevaluated> {
        let invariants = self.graph.invariants.iter().filter_map(|invariant| match &invariant.run {
            Run::Native(_) | Run::Path(_) => None,
            Run::Not(why) => Some(Unevaluated {
                profile: invariant.source.to_string(),
                rule: invariant.key.to_string(),
                why: why.to_string(),
            }),
        });
        let slices = self.notes.iter().map(|note| Unevaluated {
            profile: note.canonical.clone(),
            rule: note.element.clone(),
            why: note.what.clone(),
        });
        let mut all: Vec<Unevaluated> = invariants.chain(slices).collect();
        all.sort_by(|a, b| (&a.profile, &a.rule).cmp(&(&b.profile, &b.rule)));
        all.dedup();
        all
    }

    fn fill(&mut self) {
        while let Some((shape, origin, element)) = self.pending.pop_front() {
            self.fill_shape(shape, origin, element);
        }
    }

    /// The definition of this canonical URL.
    fn tree(&mut self, canonical: &str) -> Option<Tree> {
        if let Some(known) = self.trees.get(canonical) {
            return known.clone();
        }
        let tree = match self.definitions.get(canonical) {
            Ok(definition) => Some(Tree::new(definition)),
            Err(_) => None,
        };
        self.trees.insert(canonical.to_owned(), tree.clone());
        tree
    }

    /// The definition of a type of FHIR.
    fn type_tree(&mut self, name: &str) -> Option<Tree> {
        if name.contains('/') { self.tree(name) } else { self.tree(&format!("{R4}{name}")) }
    }

    /// The root of a definition, made when it does not exist yet.
    fn root(&mut self, canonical: &str) -> Option<NodeId> {
        if let Some(root) = self.graph.roots.get(canonical) {
            return Some(*root);
        }
        let tree = self.tree(canonical)?;
        let definition = Arc::clone(&tree.definition);
        let with_version = match definition.version.as_str() {
            "" => definition.url.clone(),
            version => format!("{}|{version}", definition.url),
        };
        if let Some(root) = self.graph.roots.get(with_version.as_str()).copied() {
            self.graph.roots.insert(canonical.into(), root);
            return Some(root);
        }
        let origin = OriginId(self.graph.origins.len());
        let ancestors = self.ancestors(definition.base.as_deref());
        if !definition.is_profile {
            let names = ancestors.iter().filter_map(|url| url.strip_prefix(R4)).map(Into::into).collect();
            self.types.push((definition.r#type.as_str().into(), names));
        }
        let invariants = &definition.context_invariants;
        let by_path: Vec<&String> = definition
            .contexts
            .iter()
            .filter_map(|context| if let Context::FhirPath(path) = context { Some(path) } else { None })
            .collect();
        self.graph.origins.push(Origin {
            canonical: with_version.as_str().into(),
            url: definition.url.as_str().into(),
            type_name: definition.r#type.as_str().into(),
            ancestors,
            is_abstract: definition.is_abstract,
            is_resource: definition.kind == Kind::Resource,
            is_modifier: definition.elements.first().is_some_and(|root| root.is_modifier),
            context_rules: by_path
                .iter()
                .copied()
                .chain(invariants)
                .map(|rule| rule.as_str().into())
                .collect(),
            contexts: definition.contexts.clone().into(),
        });
        self.origins.push(tree.clone());
        for (is_said, element, what) in [
            (
                !by_path.is_empty(),
                "context",
                "where it may stand is said as FHIRPath, which is not evaluated",
            ),
            (!invariants.is_empty(), "contextInvariant", "it is not evaluated"),
        ] {
            if is_said {
                self.notes.push(DefinitionFault::new(definition.url.as_str(), what).at(element));
            }
        }
        // The place is taken before the node is made: a definition may name itself.
        let root = NodeId(self.graph.nodes.len());
        self.graph.nodes.push(Node::nothing(origin));
        self.graph.roots.insert(with_version.into(), root);
        self.graph.roots.insert(canonical.into(), root);
        let node = self.root_node(origin, &tree);
        if let Some(place) = self.graph.nodes.get_mut(root.0) {
            *place = node;
        }
        Some(root)
    }

    fn ancestors(&mut self, base: Option<&str>) -> Box<[Box<str>]> {
        let mut ancestors: Vec<Box<str>> = Vec::new();
        let mut next = base.map(str::to_owned);
        while let Some(url) = next.take() {
            let plain = url.split('|').next().unwrap_or_default();
            if ancestors.iter().any(|known| **known == *plain) {
                break;
            }
            ancestors.push(plain.into());
            next = self.tree(&url).and_then(|tree| tree.definition.base.clone());
        }
        ancestors.into()
    }

    /// A new node.
    fn add(&mut self, node: Node) -> NodeId {
        let id = NodeId(self.graph.nodes.len());
        self.graph.nodes.push(node);
        id
    }

    /// The shape of what stands in this element, filled later.
    fn shape_of(&mut self, origin: OriginId, element: usize) -> ShapeId {
        if let Some(known) = self.shapes.get(&(origin.0, element)) {
            return *known;
        }
        let id = ShapeId(self.graph.shapes.len());
        self.graph.shapes.push(Shape::default());
        self.shapes.insert((origin.0, element), id);
        self.pending.push_back((id, origin, element));
        id
    }

    /// The shape of a type of FHIR.
    fn type_shape(&mut self, name: &str) -> Option<ShapeId> {
        let url = if name.contains('/') { name.to_owned() } else { format!("{R4}{name}") };
        let root = self.root(&url)?;
        let origin = self.graph.node(root)?.origin;
        Some(self.shape_of(origin, 0))
    }

    /// An invariant, shared by all who have it; nothing where the walk itself sees to it.
    fn invariant(
        &mut self,
        constraint: &crate::profile::definition::Constraint,
    ) -> Option<super::graph::InvariantId> {
        let key = (constraint.key.clone(), constraint.expression.clone(), constraint.source.clone());
        if let Some(known) = self.invariants.get(&key) {
            return *known;
        }
        let made = Invariant::compile(constraint).map(|invariant| {
            let id = super::graph::InvariantId(self.graph.invariants.len());
            self.graph.invariants.push(invariant);
            id
        });
        self.invariants.insert(key, made);
        made
    }
}
