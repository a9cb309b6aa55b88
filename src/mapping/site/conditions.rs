//! The words that conditions ask for. A condition that compares an answer with words knows every word that the answer
//! may be: those under which its rule counts, those under which it rests, those of its neighbours. Any other is refused
//! with its place, and the rule does not rest in silence: a referral must not go missing over `Yes` for `Y`.

use super::{
    adapter::{FieldRule, ListRule, Mistake, Plan, Rules, Said, Test, When},
    read::fold,
    run::Told,
    source::Source,
};

/// A place of the input that conditions compare with words, and every word that it may say.
#[derive(Debug)]
pub(super) struct Compared<'a> {
    name: &'a str,
    /// As the adapter writes them, each once.
    words: Vec<&'a str>,
}

impl Compared<'_> {
    fn knows(&self, word: &str) -> bool {
        let word = fold(word);
        self.words.iter().any(|known| fold(known) == word)
    }
}

/// The places that conditions compare: in the form as a whole, and in the items of each list.
#[derive(Debug)]
pub(super) struct Conditions<'a> {
    whole: Vec<Compared<'a>>,
    items: Vec<Vec<Compared<'a>>>,
}

impl<'a> Conditions<'a> {
    pub(super) fn of(plan: &'a Plan) -> Self {
        Self {
            whole: Scope::whole(plan).compared(plan),
            items: plan.eachs.iter().map(|each| Scope::items(each).compared(plan)).collect(),
        }
    }

    /// Whether the form says known words wherever a condition asks for one.
    ///
    /// # Errors
    ///
    /// The first place that says another word, and which are known; never the word.
    pub(super) fn hold_whole(&self, form: &Source<'_>) -> Result<(), Told> {
        all_known(&self.whole, form)
    }

    /// The same of an item of the list with this place among those of the adapter.
    ///
    /// # Errors
    ///
    /// As [`Self::hold_whole`].
    pub(super) fn hold_item(&self, list: usize, item: &Source<'_>) -> Result<(), Told> {
        self.items.get(list).map_or(Ok(()), |compared| all_known(compared, item))
    }
}

fn all_known(compared: &[Compared<'_>], source: &Source<'_>) -> Result<(), Told> {
    for one in compared {
        if source.answers(one.name)?.iter().any(|answer| !one.knows(&answer.word())) {
            let text = format!("one of these words is expected: {}", one.words.join(", "));
            return Err(source.told(one.name, text));
        }
    }
    Ok(())
}

/// What conditions ask for without saying every word, and what goes ill with them.
pub(super) fn mistakes(plan: &Plan, into: &mut Vec<Mistake>) {
    let scopes = std::iter::once(Scope::whole(plan)).chain(plan.eachs.iter().map(Scope::items));
    for scope in scopes {
        let compared = scope.compared(plan);
        for when in &scope.whens {
            let Test::Is { yes, no } = &when.test else { continue };
            if let Some(both) = no.iter().flatten().find(|word| says(yes, word)) {
                into.push(both.wrong("this word stands in is, too: it cannot mean both"));
            }
            let has_others = compared
                .iter()
                .find(|one| one.name == when.from.what)
                .is_some_and(|one| one.words.iter().any(|word| !yes.iter().any(|yes| same(&yes.what, word))));
            if no.is_none() && !has_others {
                into.push(when.from.wrong(
                    "say which words mean no as well, as in no = [\"N\"]: any word that is in no list is refused \
                     (no = [] where only an unanswered one means no)",
                ));
            }
        }
        for field in scope.fields {
            let is_compared = field.from.iter().any(|from| compared.iter().any(|one| one.name == from.what));
            if let Some(otherwise) = field.otherwise.as_ref().filter(|_| is_compared) {
                into.push(otherwise.wrong(
                    "a condition compares this answer with words, so that one that is in no list is refused: no otherwise",
                ));
            }
        }
    }
}

fn same(one: &str, other: &str) -> bool {
    fold(one) == fold(other)
}

fn says(words: &[Said<String>], word: &Said<String>) -> bool {
    words.iter().any(|one| same(&one.what, &word.what))
}

/// The rules that name places of the input alike.
struct Scope<'a> {
    whens: Vec<&'a When>,
    fields: Vec<&'a FieldRule>,
}

impl<'a> Scope<'a> {
    fn whole(plan: &'a Plan) -> Self {
        let mut scope = Self { whens: Vec::new(), fields: Vec::new() };
        scope.add(&plan.rules);
        for entry in &plan.entries {
            scope.whens.extend(&entry.when);
            scope.add(&entry.rules);
        }
        scope.whens.extend(plan.eachs.iter().filter_map(|each| each.when.as_ref()));
        scope
    }

    fn items(each: &'a ListRule) -> Self {
        let mut scope = Self { whens: Vec::new(), fields: Vec::new() };
        scope.add(&each.rules);
        scope
    }

    fn add(&mut self, rules: &'a Rules) {
        self.whens.extend(rules.sets.iter().filter_map(|set| set.when.as_ref()));
        self.whens.extend(rules.fields.iter().filter_map(|field| field.when.as_ref()));
        self.fields.extend(&rules.fields);
    }

    /// Each place that a condition compares, with the words of all conditions on it and of the maps that read it.
    fn compared(&self, plan: &'a Plan) -> Vec<Compared<'a>> {
        let mut all: Vec<Compared<'a>> = Vec::new();
        for when in &self.whens {
            let Test::Is { yes, no } = &when.test else { continue };
            let place = all.iter().position(|one| one.name == when.from.what);
            let mut words = place.map(|place| all.remove(place).words).unwrap_or_default();
            add(&mut words, yes.iter().chain(no.iter().flatten()));
            all.push(Compared { name: &when.from.what, words });
        }
        for one in &mut all {
            let read = |field: &&&FieldRule| field.from.iter().any(|from| from.what == one.name);
            let maps: Vec<_> =
                self.fields.iter().filter(read).filter_map(|field| field.map.as_ref()).collect();
            for map in maps.iter().filter_map(|map| plan.map(&map.what)) {
                add(&mut one.words, map.words.iter().map(|(word, _)| word));
            }
        }
        all
    }
}

fn add<'a>(words: &mut Vec<&'a str>, more: impl Iterator<Item = &'a Said<String>>) {
    for word in more {
        if !words.iter().any(|known| same(known, &word.what)) {
            words.push(&word.what);
        }
    }
}
