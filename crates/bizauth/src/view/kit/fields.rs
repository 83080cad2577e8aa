//! What a form was given: the values to show in it, and the sentences about those that were refused.

use std::collections::HashMap;

use crate::view::Frame;

/// The values of a form and the refusals beside them. A fresh form holds what is stored, a refused one what was typed.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    /// Tells the forms of one page apart, in the ids of their fields.
    form: String,
    values: HashMap<String, Vec<String>>,
    /// In the order refused, which is the order of the summary.
    refusals: Vec<(String, String)>,
    /// What the summary calls a field, where the sentence alone does not tell which one it is about.
    labels: HashMap<String, String>,
}

impl Fields {
    /// A form with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// A form with these values; a name may come several times, as ticks do.
    pub fn typed<N: Into<String>, V: Into<String>>(values: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut fields = Self::new();
        for (name, value) in values {
            fields.values.entry(name.into()).or_default().push(value.into());
        }
        fields
    }

    /// The same as the form `form` of a page with several: its fields get ids of their own.
    pub fn for_form(mut self, form: &str) -> Self {
        form.clone_into(&mut self.form);
        self
    }

    /// The same, with what the summary of refusals calls a field.
    pub fn called(mut self, name: &str, label: impl Into<String>) -> Self {
        self.labels.insert(name.to_owned(), label.into());
        self
    }

    /// The same, with this value where the field has none.
    pub fn or(mut self, name: &str, value: &str) -> Self {
        if self.value(name).is_empty() {
            self.values.insert(name.to_owned(), vec![value.to_owned()]);
        }
        self
    }

    /// What stands in the field; nothing if nothing does.
    pub fn value(&self, name: &str) -> &str {
        self.values.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }

    /// Whether `option` of the field is ticked or chosen.
    pub fn checked(&self, name: &str, option: &str) -> bool {
        self.values.get(name).is_some_and(|values| values.iter().any(|value| value == option))
    }

    /// The sentence about the field, if it was refused.
    pub fn error(&self, name: &str) -> Option<&str> {
        self.refusals.iter().find(|refusal| refusal.0 == name).map(|refusal| refusal.1.as_str())
    }

    /// Refuses the field. Only the first sentence about a field counts.
    pub fn refuse(&mut self, name: &str, sentence: String) {
        if self.error(name).is_none() {
            self.refusals.push((name.to_owned(), sentence));
        }
    }

    /// Refuses the field `confirm` unless `name` was typed into it: what the `danger` form asks for.
    pub fn confirm(&mut self, frame: &Frame, name: &str) {
        if self.value("confirm").trim() != name {
            self.refuse("confirm", frame.fill("confirm-wrong", "name", name));
        }
    }

    /// Whether nothing was refused.
    pub fn is_fine(&self) -> bool {
        self.refusals.is_empty()
    }

    /// Every refusal: the id of its field and its sentence, behind what the field is called. No colon follows a label
    /// that is a sentence itself.
    pub fn errors(&self) -> impl Iterator<Item = (String, String)> {
        self.refusals.iter().map(|(name, sentence)| {
            let told = match self.labels.get(name) {
                None => sentence.clone(),
                Some(label) if label.ends_with(['.', '?', '!', ':']) => format!("{label} {sentence}"),
                Some(label) => format!("{label}: {sentence}"),
            };
            (self.id(name), told)
        })
    }

    /// The id of a field on the page.
    pub fn id(&self, name: &str) -> String {
        let form = if self.form.is_empty() { "field" } else { &self.form };
        format!("{form}-{name}")
    }

    /// The attributes that tie a field to its hint and to its refusal.
    pub fn told(&self, name: &str, hinted: bool) -> Option<String> {
        let id = self.id(name);
        let hint = hinted.then(|| format!("{id}-hint"));
        let error = self.error(name).map(|_| format!("{id}-error"));
        let ids: Vec<String> = hint.into_iter().chain(error).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}
