//! The one shape of all pages of the operator: cards of facts, tables and forms, one below the other. What stands on a
//! page is said in the file that is named after it; how it looks is said once, in `operator/sheet.html`.

use askama::Template;

use crate::view::Frame;
use crate::view::kit::{Badge, Fields, Pager, Pick, Post, Section, Titled, When};

/// What stands in a cell of a table, or behind the name of a fact.
#[derive(Clone, Debug)]
pub enum Cell {
    /// Words.
    Text(String),
    /// An id, an address, a machine's word.
    Mono(String),
    /// An IP network, whole and in a line of its own.
    Network(String),
    /// A value that people copy: its id on the page, and the value.
    Copy(String, String),
    /// A way on: words and address.
    Link(String, String),
    /// A state.
    Badge(Badge),
    /// An instant, if there was one.
    When(Option<When>),
    /// A number.
    Number(String),
    /// A form of one button.
    Act(Act),
    /// What more there is to know, in a line of its own: its name, its value.
    Fact(String, String),
    /// What changed: its name, as it was, as it is.
    Change(String, String, String),
    /// A line of its own: what became of these IP networks, and what is said of it.
    Line(Badge, Vec<String>, String),
}

/// A form of one button.
#[derive(Clone, Debug)]
pub struct Act {
    /// Where it goes.
    pub post: Post,
    /// What the button says.
    pub text: String,
    /// Of which of several things, for the ear.
    pub what: String,
    /// Whether it takes something away.
    pub bad: bool,
    /// What goes along.
    pub hidden: Vec<(&'static str, String)>,
}

/// A table, or what to say where there is nothing.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The heads of its columns.
    pub columns: Vec<String>,
    /// The cells, row by row. The first of a row names it.
    pub rows: Vec<Vec<Vec<Cell>>>,
    /// The ways on.
    pub pager: Pager,
    /// The key of what is said where there are no rows, with `.text` for what to do.
    pub empty: &'static str,
    /// Where to do it: words and address.
    pub empty_link: Option<(String, String)>,
}

/// One field of a form: its name, and the key of its label.
#[derive(Clone, Debug)]
pub enum Field {
    /// One line; its type.
    Line(&'static str, &'static str, &'static str),
    /// One line that may stay empty; its type.
    MayLine(&'static str, &'static str, &'static str),
    /// An id or an address.
    Id(&'static str, &'static str),
    /// Several lines.
    Area(&'static str, &'static str),
    /// Several lines that may stay empty.
    MayArea(&'static str, &'static str),
    /// Many lines of addresses.
    Lines(&'static str, &'static str),
    /// Many lines of addresses that may stay empty.
    MayLines(&'static str, &'static str),
    /// What goes along unseen.
    Hidden(&'static str),
    /// One of several, in a list.
    Select(&'static str, &'static str, Vec<Pick>),
    /// One of several, in a list, or any.
    MaySelect(&'static str, &'static str, Vec<Pick>),
    /// One of several, all to be seen.
    Radios(&'static str, &'static str, Vec<Pick>),
    /// Some of several.
    Checks(&'static str, &'static str, Vec<Pick>),
    /// Yes or no.
    Check(&'static str, &'static str),
    /// What follows is one of several alike: its heading, and whether it is unfolded.
    Begin(String, bool),
    /// Here it ends.
    End,
}

impl Field {
    /// The field's name and the key of its label.
    pub fn name_and_key(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Field::Line(name, key, _)
            | Field::MayLine(name, key, _)
            | Field::Id(name, key)
            | Field::Area(name, key)
            | Field::MayArea(name, key)
            | Field::Lines(name, key)
            | Field::MayLines(name, key)
            | Field::Select(name, key, _)
            | Field::MaySelect(name, key, _)
            | Field::Radios(name, key, _)
            | Field::Checks(name, key, _)
            | Field::Check(name, key) => Some((name, key)),
            Field::Begin(..) | Field::End | Field::Hidden(_) => None,
        }
    }
}

/// A form.
#[derive(Clone, Debug)]
pub struct Form {
    /// Where it goes.
    pub post: Post,
    /// What stands in it.
    pub fields: Fields,
    /// Its fields in order.
    pub list: Vec<Field>,
    /// The key of its button.
    pub button: &'static str,
    /// Where to go instead.
    pub cancel: String,
    /// Whether what it does cannot be undone, or stops somebody's work: its button says so by its colour.
    pub grave: bool,
}

impl Form {
    /// The class of its button.
    fn tone(&self) -> &'static str {
        if self.grave { "bad" } else { "primary" }
    }
}

/// What a card holds.
#[derive(Clone, Debug)]
pub enum Part {
    /// A sentence.
    Text(String),
    /// A sentence that should not be missed.
    Warn(String),
    /// A sentence that says that all is well.
    Good(String),
    /// Names with values.
    Facts(Vec<(String, Vec<Cell>)>),
    /// A table.
    Table(Table),
    /// A form.
    Form(Form),
    /// A form that asks and changes nothing.
    Find(Form),
    /// Ways on: words and address.
    Links(Vec<(String, String)>),
    /// Steps, each with whether it is done: words, address.
    Steps(Vec<(bool, String, String)>),
}

/// One card of a page.
#[derive(Clone, Debug)]
pub struct Card {
    /// Its id on the page.
    pub id: String,
    /// What it is about. Without it the parts stand alone.
    pub heading: Option<String>,
    /// What it holds.
    pub parts: Vec<Part>,
}

/// Something that is ended for good, by typing its name.
#[derive(Clone, Debug)]
pub struct Danger {
    /// The key of its heading, with `.text` and `.button`.
    pub key: &'static str,
    /// Where it goes.
    pub post: Post,
    /// What was typed.
    pub fields: Fields,
    /// What has to be typed.
    pub name: String,
}

/// A GET form that looks something up.
#[derive(Clone, Debug)]
pub struct Search {
    /// Where it asks.
    pub action: String,
    /// What was looked for.
    pub value: String,
    /// The key of its label.
    pub label: &'static str,
    /// What goes along.
    pub hidden: Vec<(&'static str, String)>,
}

/// A page.
#[derive(Template)]
#[template(path = "operator/sheet.html")]
pub struct Sheet {
    /// The frame around it.
    pub frame: Frame,
    /// Its heading.
    pub heading: String,
    /// A sentence below.
    pub about: Option<String>,
    /// States beside the heading.
    pub badges: Vec<Badge>,
    /// Buttons beside it: words and address.
    pub actions: Vec<(String, String)>,
    /// A secret, shown once, and what it is.
    pub secret: Option<(String, String)>,
    /// A way to look something up.
    pub search: Option<Search>,
    /// Links to choose what is listed.
    pub filters: Vec<Section>,
    /// What stands on the page.
    pub cards: Vec<Card>,
    /// What can be ended here for good.
    pub dangers: Vec<Danger>,
}

impl Part {
    /// A form whose button warns, if `grave`.
    pub fn grave_if(self, grave: bool) -> Self {
        match self {
            Part::Form(form) => Part::Form(Form { grave, ..form }),
            other => other,
        }
    }
}

impl Titled for Sheet {
    fn title(&self) -> String {
        self.heading.clone()
    }

    fn lead(&self) -> Option<String> {
        self.about.clone()
    }

    fn forms(&self) -> Vec<&Fields> {
        let parts = self.cards.iter().flat_map(|card| &card.parts);
        let forms = parts.filter_map(|part| match part {
            Part::Form(form) | Part::Find(form) => Some(&form.fields),
            _ => None,
        });
        forms.chain(self.dangers.iter().map(|danger| &danger.fields)).collect()
    }
}

impl Sheet {
    /// A page with nothing on it yet.
    pub fn new(frame: Frame, heading: impl Into<String>) -> Self {
        Sheet {
            frame,
            heading: heading.into(),
            about: None,
            badges: Vec::new(),
            actions: Vec::new(),
            secret: None,
            search: None,
            filters: Vec::new(),
            cards: Vec::new(),
            dangers: Vec::new(),
        }
    }

    /// What a table in this card is about.
    fn caption(&self, card: &Card) -> String {
        card.heading.clone().unwrap_or_else(|| self.heading.clone())
    }

    /// The same with a sentence below the heading.
    pub fn about(mut self, key: &str) -> Self {
        self.about = Some(self.frame.say(key));
        self
    }

    /// The same with a card.
    pub fn card(mut self, id: &'static str, key: &str, parts: Vec<Part>) -> Self {
        let heading = (!key.is_empty()).then(|| self.frame.say(key));
        self.cards.push(Card { id: id.to_owned(), heading, parts });
        self
    }

    /// The same with a button beside the heading.
    pub fn action(mut self, key: &str, href: impl Into<String>) -> Self {
        self.actions.push((self.frame.say(key), href.into()));
        self
    }

    /// The same with a state beside the heading.
    pub fn badge(mut self, badge: Badge) -> Self {
        self.badges.push(badge);
        self
    }
}

impl Table {
    /// The head of a column.
    fn column(&self, at: &usize) -> &str {
        self.columns.get(*at).map_or("", String::as_str)
    }
}

/// Words as a cell.
pub fn text(text: impl Into<String>) -> Vec<Cell> {
    vec![Cell::Text(text.into())]
}

/// A machine's word as a cell.
pub fn mono(text: impl ToString) -> Vec<Cell> {
    vec![Cell::Mono(text.to_string())]
}

/// A way on as a cell.
pub fn link(text: impl Into<String>, href: impl Into<String>) -> Vec<Cell> {
    vec![Cell::Link(text.into(), href.into())]
}

/// An instant as a cell.
pub fn when(at: impl Into<Option<bizauth_core::time::Time>>) -> Vec<Cell> {
    vec![Cell::When(at.into().map(When::from))]
}

/// A state as a cell.
pub fn badge(badge: Badge) -> Vec<Cell> {
    vec![Cell::Badge(badge)]
}
